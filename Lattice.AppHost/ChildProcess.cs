using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lattice.AppHost;

/// <summary>A running process of the cluster, whose output is written with its name before each line.</summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const int SigTerm = 15;

    private readonly Process process;
    private readonly TextWriter output;

    private ChildProcess(string name, Process process, TextWriter output)
    {
        Name = name;
        this.process = process;
        this.output = output;
    }

    /// <summary>Name of the resource.</summary>
    public string Name { get; }

    /// <summary>Exit code of the process, which has ended.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>Starts it.</summary>
    public static ChildProcess Start(string name, ProcessStartInfo start, TextWriter output)
    {
        var child = new ChildProcess(name, Process.Start(start)!, output);
        child.process.OutputDataReceived += child.Print;
        child.process.ErrorDataReceived += child.Print;
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits until the process ends by itself, and says so.</summary>
    public async Task<ChildProcess> EndAsync(CancellationToken cancellation)
    {
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        await output.WriteLineAsync($"{Name}  ended with exit code {ExitCode}".AsMemory(), cancellation).ConfigureAwait(false);
        return this;
    }

    /// <summary>SIGTERM.</summary>
    public void Terminate()
    {
        if (!process.HasExited)
        {
            // If it has ended in between there is nobody left to tell.
            _ = SendSignal(process.Id, SigTerm);
        }
    }

    /// <summary>Waits until the process has ended; kills it when that takes longer.</summary>
    public async Task WaitOrKillAsync(TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        await process.WaitForExitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => process.Dispose();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);

    private void Print(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            output.WriteLine($"{Name}  {line.Data}");
        }
    }
}
