using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>
/// Writes the catalogue of a new cluster once the system group has its first leader. It waits a little for all
/// configured nodes to be known, so that they found the data groups together; those that come later are taken in.
/// </summary>
internal sealed class CatalogFounder(NodeCoreOptions options)
{
    private readonly int patienceTicks = 4 * options.Replica.ElectionTicks;
    private int ticksAsLeader;
    private bool underWay;

    /// <summary>Called in the system group's loop.</summary>
    public void Tick(Replica system)
    {
        RaftNode raft = system.Raft;
        if (raft.Role != RaftRole.Leader || raft.Configuration.ClusterId == 0 || underWay)
        {
            ticksAsLeader = 0;
            return;
        }

        ticksAsLeader++;
        if (ticksAsLeader < patienceTicks && raft.Configuration.Voters.Any(node => raft.Configuration.Incarnations.GetValueOrDefault(node) == 0))
        {
            return;
        }

        // Absence is a condition of the write: should two leaders in succession both get here, the first catalogue stays.
        var batch = new WriteBatchBuilder();
        byte[] value = SystemCatalog.Found(options.ClusterName, raft.Configuration, options.Shards, options.Limits).Encode();
        batch.PutIfAbsent(Encoding.UTF8.GetBytes(SystemCatalog.Key), value);
        underWay = true;
        system.Write(batch.Build(), _ => underWay = false);
    }
}
