using System.Diagnostics;
using System.Globalization;
using Lattice.Cli.Cluster;
using Lattice.Cli.Status;
using Lattice.Client;
using Lattice.Grains.Requests;
using Lattice.Silo.Status;

namespace Lattice.Cli.Dev;

/// <summary>The tour: what a local cluster does when its leader is killed while it is written to. Every claim that it prints is checked.</summary>
internal sealed class DemoTour(DevCluster cluster, TextWriter output)
{
    private const int Records = 1000;
    private const int KillAfter = 300;
    private const int Writers = 16;

    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly long began = Stopwatch.GetTimestamp();

    /// <summary>Runs it.</summary>
    /// <returns>0 if everything held, else 1.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var watch = new DevClient(cluster.Location);
        await using (watch.ConfigureAwait(false))
        {
            try
            {
                await TourAsync(watch, cancellation).ConfigureAwait(false);
                return ExitCodes.Success;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && e is DemoFailedException or LatticeException or CommandFailedException or TimeoutException)
            {
                Say($"FAILED: {e.Message}");
                foreach (DevNode node in cluster.Nodes)
                {
                    output.WriteLine($"--- end of the log of node {node.Id}\n{node.Tail()}");
                }

                return ExitCodes.Negative;
            }
        }
    }

    private async Task TourAsync(DevClient watch, CancellationToken cancellation)
    {
        Say($"Starting {cluster.Nodes.Count} nodes as processes of their own, below {cluster.Root}.");
        cluster.StartAll();
        ClusterView view = await WaitAsync(watch, v => v.Health == ClusterHealth.Healthy, "the cluster to be healthy", cancellation).ConfigureAwait(false);
        Show(view);

        ClusterConnection connection = await ClusterConnection.OpenAsync(cluster.Location, StepTimeout, cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            Say($"Writing {Records:N0} records with {Writers} writers; each is acknowledged when a majority has it on disk.");
            DevNode victim = await WriteThroughLossAsync(connection.Client, view, cancellation).ConfigureAwait(false);

            Say("Reading everything back.");
            int missing = await CountMissingAsync(connection.Client, cancellation).ConfigureAwait(false);
            if (missing > 0)
            {
                throw new DemoFailedException($"{missing} of {Records} acknowledged records are missing or differ.");
            }

            Say($"All {Records:N0} acknowledged records are there. The cluster without node {victim.Id}:");
            Show(await WaitAsync(watch, v => v.Health == ClusterHealth.Degraded, "the survivors to serve", cancellation).ConfigureAwait(false));
            await RestartAsync(watch, victim, cancellation).ConfigureAwait(false);
        }

        Say("Stopping all nodes.");
        await watch.DisposeAsync().ConfigureAwait(false);
        await cluster.StopAllAsync().ConfigureAwait(false);
        if (cluster.Nodes.FirstOrDefault(n => n.ExitCode is not 0) is { } failed)
        {
            throw new DemoFailedException($"Node {failed.Id} ended with exit code {failed.ExitCode} instead of 0.");
        }

        Say("Done: nothing acknowledged was lost.");
    }

    private async Task<DevNode> WriteThroughLossAsync(LatticeClient client, ClusterView view, CancellationToken cancellation)
    {
        int leader = view.Nodes.First(n => n.Role is "Leader").Status.Node;
        DevNode victim = cluster.Nodes.Single(n => n.Id == leader);
        var load = new DemoLoad(client, Records, Writers);
        Task writing = load.RunAsync(cancellation);
        while (load.Acknowledged < KillAfter && !writing.IsCompleted)
        {
            await Task.Delay(1, cancellation).ConfigureAwait(false);
        }

        Say($"{load.Acknowledged:N0} acknowledged. Killing node {leader}, the leader, with SIGKILL while the writers go on.");
        load.MarkLoss();
        await victim.KillAsync().ConfigureAwait(false);
        await writing.WaitAsync(StepTimeout, cancellation).ConfigureAwait(false);
        Say(string.Create(CultureInfo.InvariantCulture, $"All {load.Acknowledged:N0} writes are acknowledged. Writes were refused for {load.LongestWait.TotalMilliseconds:0} ms while the others elected a leader."));
        return victim;
    }

    private static async Task<int> CountMissingAsync(LatticeClient client, CancellationToken cancellation)
    {
        int missing = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Records), new ParallelOptions { MaxDegreeOfParallelism = Writers, CancellationToken = cancellation }, async (i, token) =>
        {
            LatticeRecord? record = await client.GetAsync(DemoLoad.Key(i), cancellation: token).ConfigureAwait(false);
            if (record is null || !record.Value.Span.SequenceEqual(DemoLoad.Value(i)))
            {
                Interlocked.Increment(ref missing);
            }
        }).ConfigureAwait(false);
        return missing;
    }

    private async Task RestartAsync(DevClient watch, DevNode victim, CancellationToken cancellation)
    {
        Say($"Starting node {victim.Id} again.");
        victim.Start();
        string shown = "";
        ClusterView view = await WaitAsync(
            watch,
            v =>
            {
                NodeView? node = v.Nodes.FirstOrDefault(n => n.Status.Node == victim.Id);
                string line = node is null or { Condition: NodeCondition.Unreachable } ? "" : $"node {victim.Id}: {node.Role}, applied {node.Applied}, lag {node.Lag}";
                if (line.Length > 0 && !string.Equals(line, shown, StringComparison.Ordinal))
                {
                    Say($"  {line}");
                    shown = line;
                }

                return v.Health == ClusterHealth.Healthy && node is { Lag: 0 };
            },
            $"node {victim.Id} to catch up",
            cancellation).ConfigureAwait(false);
        Say($"Node {victim.Id} has caught up.");
        Show(view);
    }

    private static async Task<ClusterView> WaitAsync(DevClient watch, Func<ClusterView, bool> condition, string what, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            ClusterView view = await watch.AskAsync(cancellation).ConfigureAwait(false);
            if (condition(view))
            {
                return view;
            }

            if (Stopwatch.GetElapsedTime(start) > StepTimeout)
            {
                throw new DemoFailedException($"Waited {StepTimeout.TotalSeconds:0} s for {what}. It stands like this:\n{StatusText.Render(view)}");
            }

            await Task.Delay(PollInterval, cancellation).ConfigureAwait(false);
        }
    }

    private void Show(ClusterView view)
    {
        foreach (string line in StatusText.Render(view).TrimEnd().Split('\n'))
        {
            output.WriteLine($"           {line}");
        }
    }

    private void Say(string text) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Stopwatch.GetElapsedTime(began).TotalSeconds,6:0.00} s] {text}"));
}

/// <summary>Something that the tour claims does not hold.</summary>
internal sealed class DemoFailedException(string message) : Exception(message);
