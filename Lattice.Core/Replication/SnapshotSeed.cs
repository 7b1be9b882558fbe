using Lattice.Core.Disk;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>
/// A snapshot file that an operator copied into an otherwise empty node: its state begins there, so that the leaders have only the rest to
/// send. It grants no vote: the node is taken in like any other that lost its log.
/// </summary>
internal sealed class SnapshotSeed
{
    private readonly IDisk disk;
    private readonly string path;

    private SnapshotSeed(IDisk disk, string path, SnapshotFileInfo info) => (this.disk, this.path, Info) = (disk, path, info);

    public SnapshotFileInfo Info { get; }

    /// <summary>The node's <c>latest.snap</c>, read through and checked; null when there is none.</summary>
    /// <exception cref="SnapshotCorruptException">The file is damaged; nothing was changed.</exception>
    /// <exception cref="NodeStartException">It is of another cluster.</exception>
    public static SnapshotSeed? Find(NodeCoreOptions options, IDisk disk, ulong clusterId)
    {
        string latest = Path.Combine(options.DataDirectory, "snapshots", SnapshotFile.LatestName);
        if (!disk.Exists(latest))
        {
            return null;
        }

        SnapshotFileInfo info = SnapshotFile.Verify(disk, latest);
        if (info.ClusterName != options.ClusterName || (clusterId != 0 && info.ClusterId != clusterId))
        {
            throw new NodeStartException($"The snapshot {latest} is of the cluster '{info.ClusterName}' ({info.ClusterId:x16}), but node {options.Node} belongs to '{options.ClusterName}'{(clusterId == 0 ? "" : $" ({clusterId:x16})")}. Copy the file of a node of this cluster, or remove it: the other nodes then send everything. Nothing was changed.");
        }

        return new SnapshotSeed(disk, latest, info);
    }

    /// <summary>Makes the snapshot the state of an empty engine, durably.</summary>
    public void Install(IStateEngine engine)
    {
        using SnapshotFileReader reader = SnapshotFile.Open(disk, path);
        foreach (SnapshotSection section in reader.Sections)
        {
            var state = new StateMachine(engine, section.Group, new StateLimits(), new RecordCache(0));
            using SnapshotInstaller installer = state.BeginInstall(reader.ReadMetadata(section));
            foreach (ReadOnlyMemory<byte> block in reader.Blocks(section))
            {
                installer.Add(block);
            }

            installer.Complete();
        }

        engine.Flush();
    }
}
