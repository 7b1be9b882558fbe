using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lattice.Cli.Dev;

/// <summary>One node of a local cluster: a child process whose output goes to a log file.</summary>
internal sealed partial class DevNode(int id, string configuration, string root, string logFile) : IDisposable
{
    private const int SigTerm = 15;
    private const int LogTail = 12;

    private readonly Lock gate = new();
    private Process? process;
    private StreamWriter? log;

    /// <summary>Node id.</summary>
    public int Id => id;

    /// <summary>Its log.</summary>
    public string LogFile => logFile;

    /// <summary>Whether its process runs.</summary>
    public bool IsRunning => process is { HasExited: false };

    /// <summary>Exit code of its last process; null while it runs or before the first.</summary>
    public int? ExitCode => process is { HasExited: true } ended ? ended.ExitCode : null;

    /// <summary>Process id; 0 before the first start.</summary>
    public int Pid => process?.Id ?? 0;

    /// <summary>Starts the process, anew if there was one before.</summary>
    public void Start()
    {
        Dispose();
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        log = new StreamWriter(new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        ProcessStartInfo start = LatticeExecutable.Start("start", $"{id}", configuration);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["LATTICE_ROOT"] = root;
        start.Environment[ParentWatch.Variable] = "1";
        process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>SIGTERM.</summary>
    public void Terminate()
    {
        if (process is { HasExited: false } running)
        {
            // If it has ended in between there is nobody left to tell.
            _ = SendSignal(running.Id, SigTerm);
        }
    }

    /// <summary>SIGKILL, and waits for the end.</summary>
    public async Task KillAsync()
    {
        if (process is { } running)
        {
            running.Kill();
            await running.WaitForExitAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the process has ended; kills it when that takes longer.</summary>
    public async Task WaitOrKillAsync(TimeSpan timeout)
    {
        if (process is not { } running)
        {
            return;
        }

        using var deadline = new CancellationTokenSource(timeout);
        await running.WaitForExitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!running.HasExited)
        {
            await KillAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The last lines of its log, for messages.</summary>
    public string Tail()
    {
        lock (gate)
        {
            using var reader = new StreamReader(new FileStream(logFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return string.Join('\n', reader.ReadToEnd().TrimEnd().Split('\n').TakeLast(LogTail));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (process is { HasExited: false } running)
        {
            running.Kill();
            running.WaitForExit();
        }

        process?.Dispose();
        process = null;
        lock (gate)
        {
            log?.Dispose();
            log = null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (gate)
        {
            if (line.Data is not null)
            {
                log?.WriteLine(line.Data);
            }
        }
    }
}
