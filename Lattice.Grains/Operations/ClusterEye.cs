namespace Lattice.Grains.Operations;

/// <summary>Looks at all nodes at once, and reaches them.</summary>
public sealed class ClusterEye(PeerDirectory peers, OperatorDirectory operators, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(700);

    /// <summary>Pause between two looks.</summary>
    internal static TimeSpan Pause { get; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How the nodes that answer see the cluster.</summary>
    internal async Task<ClusterPicture> LookAsync()
    {
        NodeMembership?[] answers = await Task.WhenAll(peers.Known.Select(known => AskAsync(known.Node)));
        return new ClusterPicture(answers.OfType<NodeMembership>());
    }

    /// <summary>Looks until the cluster is as wanted.</summary>
    /// <param name="wanted">Whether it is; may act on what it sees.</param>
    /// <param name="within">How long.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Whether it came to be so.</returns>
    internal async Task<bool> WaitForAsync(Func<ClusterPicture, Task<bool>> wanted, TimeSpan within, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        for (; ; )
        {
            if (await wanted(await LookAsync()))
            {
                return true;
            }

            if (time.GetElapsedTime(began) >= within)
            {
                return false;
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    /// <summary>Asks something of a node.</summary>
    /// <returns>Whether it answered.</returns>
    internal async Task<bool> TellAsync(int node, Func<IOperatorService, ValueTask> what)
    {
        if (operators.Find(node) is not { } service)
        {
            return false;
        }

        try
        {
            await what(service);
            return true;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // Whether it was done shows when the cluster is looked at next.
            return false;
        }
    }

    private async Task<NodeMembership?> AskAsync(int node)
    {
        try
        {
            return operators.Find(node) is { } service ? await service.Membership().AsTask().WaitAsync(Patience, time) : null;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // It counts as silent.
            return null;
        }
    }
}
