using Lattice.Core.Consensus;
using Lattice.Core.Replication;

namespace Lattice.Grains;

/// <summary>Who belongs to the cluster, and where: as the configuration file says, and as was decided since.</summary>
public sealed class MemberDirectory(NodeInfo info, ReplicaHost host)
{
    /// <summary>Configured nodes and the system group's members; a removed node that is still in a configuration file is not one.</summary>
    public SortedSet<int> Members()
    {
        ReplicaStatus? system = host.Status().Replicas.FirstOrDefault(r => r.Group == 0);
        var members = new SortedSet<int>(info.Addresses.Keys);
        if (system is not null && !system.Configuration.Voters.IsEmpty)
        {
            members.UnionWith(system.Configuration.Voters);
            members.UnionWith(system.Configuration.Learners);
            members.ExceptWith(system.Configuration.Removed);
        }

        if (system?.Role == RaftRole.Removed)
        {
            // What this node knows of the members ends before that.
            members.Remove(info.Node);
        }

        return members;
    }

    /// <summary>Address of a node for the others; empty when nobody has told.</summary>
    public string AddressOf(int node) => info.Addresses.GetValueOrDefault(node) ?? host.Registry.Addresses.GetValueOrDefault(node, "");
}
