using Lattice.Core.Consensus;

namespace Lattice.Core.Telemetry;

/// <summary>What a replica counts. Its loop alone writes, anybody reads.</summary>
internal sealed class ReplicaFigures
{
    private long campaigns;
    private long failedCampaigns;
    private long leaderChanges;
    private long applied;
    private long refused;
    private IReadOnlyList<PeerProgress> followers = [];

    /// <summary>Elections that this replica began.</summary>
    public long Campaigns => Volatile.Read(ref campaigns);

    /// <summary>Those of them that it did not win.</summary>
    public long FailedCampaigns => Volatile.Read(ref failedCampaigns);

    /// <summary>How often another leader was learnt of.</summary>
    public long LeaderChanges => Volatile.Read(ref leaderChanges);

    /// <summary>Entries applied.</summary>
    public long Applied => Volatile.Read(ref applied);

    /// <summary>Writes turned away by the loop: no leader, no room on the disk, too much under way.</summary>
    public long Refused => Volatile.Read(ref refused);

    /// <summary>How far the followers were at the last tick; empty unless this replica leads.</summary>
    public IReadOnlyList<PeerProgress> Followers => Volatile.Read(ref followers);

    public void Stands(RaftNode raft)
    {
        Volatile.Write(ref campaigns, raft.Campaigns);
        Volatile.Write(ref failedCampaigns, raft.FailedCampaigns);
    }

    public void LeaderChanged() => Volatile.Write(ref leaderChanges, leaderChanges + 1);

    public void EntriesApplied(int entries) => Volatile.Write(ref applied, applied + entries);

    public void WritesRefused(int writes) => Volatile.Write(ref refused, refused + writes);

    public void Ticked(RaftNode raft) => Volatile.Write(ref followers, raft.Progress);
}
