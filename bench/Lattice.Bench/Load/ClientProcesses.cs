using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Lattice.Bench.Peers;

namespace Lattice.Bench.Load;

/// <summary>
/// Rounds whose callers are spread over several processes: this program once more for each. They connect, say so, and begin together when they are told to.
/// </summary>
internal static class ClientProcesses
{
    private const string Ready = "ready";

    /// <summary>Runs a round with <see cref="Work.Processes"/> processes.</summary>
    public static async Task<RoundResult> RunAsync(IPeer peer, Work work, RoundTime time, CancellationToken cancellation)
    {
        var processes = new List<Process>();
        try
        {
            for (int i = 0; i < work.Processes; i++)
            {
                ProcessStartInfo start = OwnProcess.Start("load", peer.Name, peer.Address, work.Name, Milliseconds(time.Measured), Milliseconds(time.WarmUp), (i * work.Clients).ToString(CultureInfo.InvariantCulture));
                (start.RedirectStandardInput, start.RedirectStandardOutput) = (true, true);
                processes.Add(Process.Start(start)!);
            }

            foreach (Process process in processes)
            {
                await ExpectAsync(process, cancellation).ConfigureAwait(false);
            }

            processes.ForEach(process => process.StandardInput.WriteLine("go"));
            var parts = new List<Latencies>();
            foreach (Process process in processes)
            {
                string line = await process.StandardOutput.ReadLineAsync(cancellation).ConfigureAwait(false) ?? throw Ended(process);
                parts.Add(JsonSerializer.Deserialize<Latencies>(line)!);
            }

            return Latencies.Join(work.Name, peer.Name, parts, time.Measured);
        }
        finally
        {
            foreach (Process process in processes)
            {
                process.Kill();
                process.Dispose();
            }
        }
    }

    /// <summary>The other end: one of those processes.</summary>
    public static async Task WorkAsync(string peer, string address, Work work, RoundTime time, int firstClient, CancellationToken cancellation)
    {
        IStoreClient store = await StoreClients.ConnectAsync(peer, address, cancellation).ConfigureAwait(false);
        await using (store.ConfigureAwait(false))
        {
            await Console.Out.WriteLineAsync(Ready).ConfigureAwait(false);
            await Console.In.ReadLineAsync(cancellation).ConfigureAwait(false);
            Latencies measured = await ClosedLoop.RunAsync(store, work, time, firstClient, cancellation).ConfigureAwait(false);
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(measured)).ConfigureAwait(false);
        }
    }

    private static async Task ExpectAsync(Process process, CancellationToken cancellation)
    {
        string? line = await process.StandardOutput.ReadLineAsync(cancellation).ConfigureAwait(false);
        if (line != Ready)
        {
            throw Ended(process);
        }
    }

    private static InvalidOperationException Ended(Process process) => new($"A client process ended early{(process.HasExited ? $", with {process.ExitCode}" : "")}; what it said stands above.");

    private static string Milliseconds(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
