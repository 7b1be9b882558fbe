using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>A node as an operator runs it: <c>lattice start N CONFIG</c>, a real process that takes real signals.</summary>
internal sealed partial class NodeProcess : IDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();

    public NodeProcess(int node, string configuration, string root, string? binary = null)
        : this(binary ?? LatticeBinary.Path, root, ["start", $"{node}", configuration])
    {
    }

    /// <summary>Any command of the binary, while it runs.</summary>
    public NodeProcess(string root, params string[] arguments)
        : this(LatticeBinary.Path, root, arguments)
    {
    }

    private NodeProcess(string binary, string root, string[] arguments)
    {
        var start = new ProcessStartInfo(binary, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LATTICE_ROOT"] = root;
        process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool IsRunning => !process.HasExited;

    public int ExitCode => process.ExitCode;

    public string Output => string.Join('\n', output);

    public long ResidentBytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    public void Kill() => SignalAndWait(SigKill);

    /// <summary>SIGTERM, without waiting for the end.</summary>
    public void AskToEnd() => Signal(SigTerm);

    public void Terminate() => SignalAndWait(SigTerm);

    public void Pause() => Signal(SigStop);

    public void Resume() => Signal(SigCont);

    public bool WaitForExit(TimeSpan timeout) => process.WaitForExit(timeout);

    public void Dispose()
    {
        if (IsRunning)
        {
            Kill();
        }

        process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            output.Enqueue(line.Data);
        }
    }

    private void SignalAndWait(int signal)
    {
        Signal(signal);
        if (!process.WaitForExit(TimeSpan.FromSeconds(20)))
        {
            throw new TimeoutException($"Process {process.Id} did not end within 20 s of signal {signal}.\n{Output}");
        }
    }

    private void Signal(int signal)
    {
        if (IsRunning && SendSignal(process.Id, signal) != 0 && IsRunning)
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {process.Id}: error {Marshal.GetLastPInvokeError()}.");
        }
    }
}
