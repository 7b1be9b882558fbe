namespace Lattice.AppHost;

/// <summary>Runs the model as child processes of this one: the nodes, and once they serve, the sample.</summary>
internal sealed class ProcessRunner(ClusterModel model, TextWriter output) : IDisposable
{
    /// <summary>Longest that <see cref="RunAsync"/> takes to stop what it started.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    private readonly List<ChildProcess> children = [];

    /// <summary>Runs until cancelled, until a node ends before all were ready, or until all nodes have ended.</summary>
    /// <returns>0 when cancelled, else 1.</returns>
    /// <exception cref="LatticeCallException">The configuration could not be written.</exception>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        try
        {
            await LatticeCall.WriteConfigurationsAsync(model, cancellation).ConfigureAwait(false);
            Task<ChildProcess>[] ends = [.. model.Nodes.Select(node => StartNode(node).EndAsync(cancellation))];
            if (await AllReadyAsync(Task.WhenAny(ends), cancellation).ConfigureAwait(false))
            {
                // Its end is said, and is not the cluster's.
                Task<ChildProcess> serviceEnd = StartService().EndAsync(cancellation);
                await Task.WhenAll(ends).ConfigureAwait(false);
                output.WriteLine($"All nodes have ended{(serviceEnd.IsCompleted ? "" : $", so {model.Service.Name} is stopped")}.");
            }

            return 1;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            await StopAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => children.ForEach(c => c.Dispose());

    /// <summary>Environment of the sample: its settings, with the gateways of all nodes.</summary>
    internal static Dictionary<string, string> ServiceEnvironment(ClusterModel model)
    {
        var environment = new Dictionary<string, string>(model.Service.Environment, StringComparer.Ordinal);
        foreach ((int place, NodeModel node) in model.Nodes.Index())
        {
            environment[ServiceModel.GatewayVariable(place)] = node.Gateway.Address;
        }

        return environment;
    }

    private ChildProcess StartNode(NodeModel node)
    {
        // The pipe that is the node's standard input ends with this process, and the node with it, however this one ends.
        var environment = new Dictionary<string, string>(model.Environment, StringComparer.Ordinal) { ["LATTICE_STOP_WITH_INPUT"] = "1" };
        return Add(ChildProcess.Start(node.Name, BuiltProgram.Lattice.Start(environment, model.StartArguments(node)), output));
    }

    private ChildProcess StartService()
    {
        output.WriteLine($"All nodes are ready. {model.Service.Name} is at {model.Service.Http.Url}.");
        return Add(ChildProcess.Start(model.Service.Name, BuiltProgram.WebService.Start(ServiceEnvironment(model), "--urls", $"{model.Service.Http.Url}"), output));
    }

    private ChildProcess Add(ChildProcess child)
    {
        children.Add(child);
        return child;
    }

    private async Task<bool> AllReadyAsync(Task<Task<ChildProcess>> end, CancellationToken cancellation)
    {
        using var readiness = new Readiness();
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task ready = Task.WhenAll(model.Nodes.Select(node => readiness.WaitAsync(node, giveUp.Token)));
        if (await Task.WhenAny(ready, end).ConfigureAwait(false) == ready)
        {
            await ready.ConfigureAwait(false);
            return true;
        }

        await giveUp.CancelAsync().ConfigureAwait(false);
        await ready.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ChildProcess ended = await (await end.ConfigureAwait(false)).ConfigureAwait(false);
        output.WriteLine($"{ended.Name} ended before all nodes were ready, so the others are stopped. What it wrote says why.");
        return false;
    }

    private Task StopAsync()
    {
        children.ForEach(c => c.Terminate());
        return Task.WhenAll(children.Select(c => c.WaitOrKillAsync(StopTimeout)));
    }
}
