using System.Collections.Concurrent;
using Lattice.Core.Replication;

namespace Lattice.Grains;

/// <summary>Lets callers wait until a group has another leader than the one they know.</summary>
public sealed class LeaderWatch : IDisposable
{
    private readonly ConcurrentDictionary<uint, TaskCompletionSource> changes = new();
    private readonly ReplicaHost host;

    /// <summary>Watches the host's groups until disposed.</summary>
    public LeaderWatch(ReplicaHost host)
    {
        this.host = host;
        host.LeaderChanged += OnChanged;
    }

    /// <summary>Completes when the group's leader is not <paramref name="known"/> any more.</summary>
    public Task ChangeFrom(uint group, int known)
    {
        // Taken before the leader is looked at: a change in between completes the one taken.
        Task change = changes.GetOrAdd(group, static _ => New()).Task;
        return host.LeaderOf(group) != known ? Task.CompletedTask : change;
    }

    /// <inheritdoc/>
    public void Dispose() => host.LeaderChanged -= OnChanged;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void OnChanged(uint group, int leader)
    {
        if (changes.TryRemove(group, out TaskCompletionSource? change))
        {
            change.SetResult();
        }
    }
}
