using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>One instance of the product's unit: its process, what it tells systemd, and its journal.</summary>
internal sealed partial class Service : IDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    // Enough for a start on a busy machine; nothing is measured by it.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);

    private readonly NamespacedMachine machine;
    private readonly string name;
    private readonly UnitFile unit;
    private readonly int node;
    private readonly string socketPath;
    private readonly Socket notifications = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Lock gate = new();
    private Process? process;
    private volatile bool isReady;
    private volatile bool isWanted;
    private int lastExitCode;

    public Service(NamespacedMachine machine, string name)
    {
        this.machine = machine;
        this.name = name;
        string instance = name[(name.IndexOf('@', StringComparison.Ordinal) + 1)..];
        _ = int.TryParse(instance, CultureInfo.InvariantCulture, out node);
        unit = UnitFile.Read(Path.Combine(Repository.Root, "deploy/systemd/lattice@.service"), instance);
        socketPath = $"/var/manager/{name}.notify";
        notifications.Bind(new UnixDomainSocketEndPoint(machine.PathOf(socketPath)));
        ProcessResult.OfTool("chmod", "666", machine.PathOf(socketPath)).AssertSucceeded();
        new Thread(Listen) { IsBackground = true, Name = $"notifications of {name}" }.Start();
    }

    /// <summary>Starts that followed a failure without anybody asking for them.</summary>
    public int Restarts { get; private set; }

    /// <summary>How often the process said that it is alive.</summary>
    public int Heartbeats { get; private set; }

    public bool IsActive => isReady && process is { HasExited: false };

    public string State => lastExitCode == 0 ? "inactive" : "failed";

    public int LastExitCode => lastExitCode;

    public string Journal => File.Exists(JournalFile) ? File.ReadAllText(JournalFile) : "";

    private string JournalFile => machine.PathOf($"/var/log/journal/{name}.log");

    public (int ExitCode, string Text) Start()
    {
        Process started;
        lock (gate)
        {
            isWanted = true;
            started = process is { HasExited: false } running ? running : Spawn();
        }

        Eventually.Holds(() => isReady || started.HasExited, done => done, StartTimeout, () => Journal);
        return IsActive ? (0, "") : (1, $"Job for {name}.service failed because the control process exited with error code.");
    }

    public int Stop()
    {
        isWanted = false;
        lock (gate)
        {
            if (process is { HasExited: false } running)
            {
                // As systemd: one that is suspended is to notice too.
                Signal(running, SigTerm);
                Signal(running, SigCont);
                if (!running.WaitForExit(unit.StopTimeout))
                {
                    Signal(running, SigKill);
                    running.WaitForExit(unit.StopTimeout);
                }
            }

            isReady = false;
            return 0;
        }
    }

    public int Kill()
    {
        Signal(process!, SigKill);
        return 0;
    }

    public void Pause() => Signal(process!, SigStop);

    public string Describe() =>
        $"● {name}.service - Lattice node\n     Active: {(IsActive ? "active (running)" : State == "failed" ? $"failed (Result: exit-code, status={lastExitCode})" : "inactive (dead)")}\n{string.Join('\n', Journal.TrimEnd().Split('\n').TakeLast(10))}";

    public void Dispose()
    {
        isWanted = false;
        if (process is { HasExited: false } running)
        {
            Signal(running, SigKill);
        }

        notifications.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);

    /// <summary>To the node itself, the child of the process that entered the machine.</summary>
    private static void Signal(Process entered, int signal)
    {
        if (!entered.HasExited && ProcessTree.ChildOf(entered.Id) is { } node)
        {
            _ = SendSignal(node, signal);
            if (signal == SigCont)
            {
                // It stops with its child.
                _ = SendSignal(entered.Id, signal);
            }
        }
    }

    private Process Spawn()
    {
        isReady = false;
        foreach (string before in unit.ExecStartPre)
        {
            machine.Run("bash", "-c", before.TrimStart('+')).AssertSucceeded();
        }

        string user = NamespacedMachine.ServiceUser.ToString(CultureInfo.InvariantCulture);
        ProcessStartInfo start = machine.EnterAt(node, ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", .. unit.ExecStart.Split(' ')]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        start.Environment["NOTIFY_SOCKET"] = socketPath;
        start.Environment["JOURNAL_STREAM"] = "8:1";
        start.Environment["WATCHDOG_USEC"] = unit.Watchdog.TotalMicroseconds.ToString(CultureInfo.InvariantCulture);
        foreach (string[] pair in unit.Environment.Select(e => e.Split('=', 2)))
        {
            start.Environment[pair[0]] = pair[1];
        }

        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;

        // On a thread of its own: the event is raised under a lock that whoever waits for the process needs too.
        process.Exited += (sender, _) => ThreadPool.QueueUserWorkItem(Ended, (Process)sender!, preferLocal: false);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
        {
            // The journal takes the level from the prefix and has a clock of its own.
            string plain = text.StartsWith('<') && text.IndexOf('>', StringComparison.Ordinal) == 2 ? text[3..] : text;
            lock (notifications)
            {
                File.AppendAllText(JournalFile, $"{DateTimeOffset.Now:MMM dd HH:mm:ss} host lattice[{((Process)sender).Id}]: {plain}\n");
            }
        }
    }

    private void Ended(Process ended)
    {
        lock (gate)
        {
            if (process != ended)
            {
                return;
            }

            isReady = false;
            lastExitCode = isWanted ? ended.ExitCode : 0;
            if (unit.RestartsOnFailure && lastExitCode != 0 && !unit.RestartPreventExitStatus.Contains(lastExitCode))
            {
                Restarts++;
                Spawn();
            }
        }
    }

    private void Listen()
    {
        byte[] buffer = new byte[4096];
        while (true)
        {
            int length;
            try
            {
                length = notifications.Receive(buffer);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            foreach (string line in Encoding.UTF8.GetString(buffer, 0, length).Split('\n'))
            {
                switch (line)
                {
                    case "READY=1":
                        isReady = true;
                        break;
                    case "WATCHDOG=1":
                        Heartbeats++;
                        break;
                }
            }
        }
    }
}
