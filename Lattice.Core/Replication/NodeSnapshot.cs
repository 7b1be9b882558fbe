using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>
/// The state of all groups of a node, each as it was between two entries: what a snapshot file or a backup is made of. Holds views of the engine until it is disposed.
/// </summary>
public sealed class NodeSnapshot : IDisposable
{
    private static readonly TimeSpan LongestWaitForReplica = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyList<GroupSnapshot> groups;

    private NodeSnapshot(SnapshotFileInfo info, IReadOnlyList<GroupSnapshot> groups) => (Info, this.groups) = (info, groups);

    /// <summary>What the file that is made of it says about itself. Its number is the sum of the groups' applied indexes, which only grows.</summary>
    public SnapshotFileInfo Info { get; }

    /// <summary>What each group's part stands for, in order of group.</summary>
    public IEnumerable<(uint Group, SnapshotMetadata Metadata)> Groups => groups.Select(group => (group.Group, group.Metadata));

    /// <summary>The bytes of its snapshot file, in order, in pieces of bounded size, each of which is over when the next one is taken; made while they are read, once.</summary>
    /// <exception cref="StateDivergenceException">The state is not what was written: what was read so far counts for nothing.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Parts() => SnapshotFileWriter.Parts(Info, groups);

    /// <summary>Takes views of all groups, each in its group's loop. Blocks; null when a loop does not answer in time.</summary>
    internal static NodeSnapshot? Take(NodeCore core, NodeCoreOptions options, TimeProvider time)
    {
        List<GroupSnapshot> views = OpenAll(core);
        if (views.Count == 0)
        {
            return null;
        }

        ulong number = views.Aggregate(0UL, (sum, group) => sum + group.Metadata.Position.Index);
        var info = new SnapshotFileInfo(number, (ulong)time.GetUtcNow().ToUnixTimeMilliseconds(), options.Node, core.Identity.ClusterId, options.ClusterName);
        return new NodeSnapshot(info, views);
    }

    /// <summary>Writes the snapshot file.</summary>
    /// <returns>Its path.</returns>
    internal string Write(IDisk disk, string directory, Action<long>? written) => SnapshotFile.Write(disk, directory, Info, groups, written);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GroupSnapshot group in groups)
        {
            group.Dispose();
        }
    }

    private static List<GroupSnapshot> OpenAll(NodeCore core)
    {
        var taken = new List<GroupSnapshot>();
        bool abandoned = false;
        int wanted = core.Replicas.Count;
        foreach (Replica replica in core.Replicas)
        {
            replica.Do(r =>
            {
                lock (taken)
                {
                    if (!abandoned)
                    {
                        taken.Add(r.State.OpenSnapshot());
                        Monitor.Pulse(taken);
                    }
                }
            });
        }

        lock (taken)
        {
            while (taken.Count < wanted && Monitor.Wait(taken, LongestWaitForReplica))
            {
            }

            abandoned = true;
            if (taken.Count < wanted)
            {
                taken.ForEach(group => group.Dispose());
                return [];
            }

            return [.. taken.OrderBy(group => group.Group)];
        }
    }
}
