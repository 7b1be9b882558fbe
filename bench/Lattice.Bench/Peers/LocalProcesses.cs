using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Lattice.Bench.Peers;

/// <summary>The server processes of a peer, which end with it.</summary>
internal sealed class LocalProcesses : IAsyncDisposable
{
    private readonly Dictionary<int, Process> running = [];

    /// <summary>The process under a number.</summary>
    public Process this[int number] => running[number];

    /// <summary>Ports of 127.0.0.1 that nobody listens on. All are held until the last is found, so that none is found twice.</summary>
    public static int[] FreePorts(int count)
    {
        var listeners = new List<TcpListener>();
        for (int i = 0; i < count; i++)
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            listeners.Add(listener);
        }

        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        listeners.ForEach(l => l.Dispose());
        return ports;
    }

    /// <summary>Starts a process whose output nobody needs.</summary>
    /// <exception cref="InvalidOperationException">It cannot be started; says what may have to be installed.</exception>
    public void Start(int number, ProcessStartInfo start, string hint)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        try
        {
            Process process = Process.Start(start)!;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            running[number] = process;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"'{start.FileName}' could not be started: {e.Message}. {hint}", e);
        }
    }

    /// <summary>Kills a process and waits until it is gone.</summary>
    public async Task KillAsync(int number)
    {
        if (running.Remove(number, out Process? process))
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
            process.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (int number in running.Keys.ToList())
        {
            await KillAsync(number).ConfigureAwait(false);
        }
    }
}
