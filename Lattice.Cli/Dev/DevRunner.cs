using Lattice.Cli.Output;
using Lattice.Cli.Status;
using Lattice.Silo.Status;
using Spectre.Console;

namespace Lattice.Cli.Dev;

/// <summary>Runs a local cluster until Ctrl-C and shows how it stands: a table that stays current on a terminal, else a line for each change.</summary>
internal sealed class DevRunner(DevCluster cluster, Shell shell, DevRuntimeFile runtime)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs.</summary>
    /// <returns>0 after Ctrl-C, 1 if nodes could not start or all ended.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        shell.Out.WriteLine($"{cluster.Nodes.Count} nodes below {cluster.Root}; logs in {Path.GetDirectoryName(cluster.Nodes[0].LogFile)}. Ctrl-C stops them.");
        shell.Out.WriteLine("Other shells of this user find the cluster by themselves: lattice status, lattice put greeting hello.");
        cluster.StartAll();
        runtime.Write(cluster.Root);
        try
        {
            return shell.IsTerminal ? await ShowTableAsync(cancellation).ConfigureAwait(false) : await ShowLinesAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            shell.Out.WriteLine("Stopping.");
            return ExitCodes.Success;
        }
        finally
        {
            runtime.Remove();
        }
    }

    private Task<int> ShowTableAsync(CancellationToken cancellation)
    {
        IAnsiConsole console = TableConsole.Create(shell);
        return console.Live(DevTable.Render(StatusQuery.NothingReachable(cluster.Location), cluster.Nodes)).StartAsync(context =>
            WatchAsync(
                view =>
                {
                    context.UpdateTarget(DevTable.Render(view, cluster.Nodes));
                    context.Refresh();
                },
                cancellation));
    }

    private Task<int> ShowLinesAsync(CancellationToken cancellation)
    {
        string shown = "";
        return WatchAsync(
            view =>
            {
                string line = DevTable.Line(view, cluster.Nodes);
                if (!string.Equals(line, shown, StringComparison.Ordinal))
                {
                    shell.Out.WriteLine(line);
                    shown = line;
                }
            },
            cancellation);
    }

    private async Task<int> WatchAsync(Action<ClusterView> show, CancellationToken cancellation)
    {
        var client = new DevClient(cluster.Location);
        await using (client.ConfigureAwait(false))
        {
            using var timer = new PeriodicTimer(Interval);
            bool served = false;
            while (true)
            {
                ClusterView view = await client.AskAsync(cancellation).ConfigureAwait(false);
                served |= view.HasMajority;
                show(view);
                DevNode? ended = cluster.Nodes.FirstOrDefault(n => n.ExitCode is not null);
                if (ended is not null && (!served || cluster.Nodes.All(n => !n.IsRunning)))
                {
                    throw new CommandFailedException(ExitCodes.Negative, $"Node {ended.Id} ended with exit code {ended.ExitCode}, so the cluster was stopped. The end of its log:\n{ended.Tail()}");
                }

                await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
            }
        }
    }
}
