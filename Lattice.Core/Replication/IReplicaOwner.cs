using Lattice.Core.Consensus;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>What a replica tells its node, and what it asks it. Called from the loops of all groups.</summary>
internal interface IReplicaOwner
{
    /// <summary>Whether the node's volume has no room for more writes.</summary>
    bool DiskFull { get; }

    /// <summary>Whether the state's volume had no room when it was last written.</summary>
    bool StateDiskFull { set; }

    /// <summary>Node that an operator wants to lead all groups; 0: none.</summary>
    int PreferredLeader { get; }

    /// <summary>The cluster's feature level, as applied here: at which entries are written.</summary>
    int Level { get; }

    /// <summary>Whether a node that is not a member may be taken in: it is in this node's configuration file, or an operator added it.</summary>
    bool MayJoin(int node);

    /// <summary>The replica has something to do: have <see cref="Replica.Run"/> called.</summary>
    void Schedule(Replica replica);

    /// <summary>Something waits for the log to be flushed.</summary>
    void LogAppended();

    /// <summary>
    /// The replica is about to apply the configuration of an existing cluster. On return the node's identity says so
    /// durably: from here on it never again takes part in founding one.
    /// </summary>
    void BelongsTo(ulong clusterId);

    /// <summary>The group has another leader, or none (0).</summary>
    void LeaderChanged(Replica replica, int leader, ulong term);

    /// <summary>A snapshot stream waits for room. Told once for as long as one waits.</summary>
    void SnapshotWaits(uint group);

    /// <summary>A snapshot stream has become the state, durably.</summary>
    void SnapshotInstalled(Replica replica, LogPosition position);

    /// <summary>Commands or a configuration were applied.</summary>
    void StateChanged(Replica replica);

    /// <summary>Entries were checked against the reference model, in so much time.</summary>
    void Verified(TimeSpan took);

    /// <summary>The replica differs from another one, and nobody can tell which is right: the group serves nothing until that is decided.</summary>
    void Undecided(Divergence divergence);

    /// <summary>The replica was found to be wrong and has fenced itself: the node must stop and explain.</summary>
    void Diverged(Replica replica, Divergence divergence);
}
