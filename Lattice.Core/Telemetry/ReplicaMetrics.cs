using System.Diagnostics.Metrics;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.Verification;

namespace Lattice.Core.Telemetry;

/// <summary>How the replicas of a node stand, read when somebody asks.</summary>
internal static class ReplicaMetrics
{
    public static void AddTo(Meter meter, NodeCore core)
    {
        Gauge("lattice_group_leader", null, "1: this node leads the group.", r => r.Status.Role == RaftRole.Leader ? 1 : 0);
        Gauge("lattice_group_has_leader", null, "1: this node knows who leads the group.", r => r.Status.Leader != 0 ? 1 : 0);
        Gauge("lattice_group_term", null, "Raft term of the group.", r => (long)r.Status.Term);
        Gauge("lattice_group_commit_index", null, "Last entry of the group that is known here to be committed.", r => (long)r.Status.Commit);
        Gauge("lattice_group_applied_index", null, "Last entry of the group that this node's state holds.", r => (long)r.Status.Applied.Index);
        Gauge("lattice_group_verified", null, "1: this node's state of the group agrees with that of the other replicas, or verification is off.", r => r.Status.Verification is VerificationState.Agrees or VerificationState.Off ? 1 : 0);
        Gauge("lattice_proposals_pending", "{batch}", "Write batches that this node has taken for the group and not answered yet.", r => r.PendingWrites);
        Counter("lattice_proposals_refused_total", "{batch}", "Write batches that this node turned away: it does not lead the group, has too much under way, or no room on its disk.", r => r.RefusedWrites);
        Counter("lattice_entries_applied_total", "{entry}", "Entries of the group applied since the start.", r => r.Figures.Applied);
        Counter("lattice_elections_total", "{election}", "Elections that this node began since the start.", r => r.Figures.Campaigns);
        Counter("lattice_elections_failed_total", "{election}", "Elections that this node began and did not win: no majority answered, or another one was elected.", r => r.Figures.FailedCampaigns);
        Counter("lattice_leader_changes_total", "{change}", "How often this node learnt of another leader since the start.", r => r.Figures.LeaderChanges);
        Counter("lattice_messages_dropped_total", "{message}", "Messages of peers that were dropped because the group's queue was full.", r => r.Status.DroppedMessages);
        Counter("lattice_cache_hits_total", "{read}", "Reads of records that the cache answered.", r => r.State.CacheReads.Hits);
        Counter("lattice_cache_misses_total", "{read}", "Reads of records that had to be answered from the state.", r => r.State.CacheReads.Misses);
        meter.CreateObservableGauge("lattice_follower_lag_entries", () => FollowerLags(core.Replicas), "{entry}", "Entries of the groups that this node leads which a follower has not acknowledged yet, in the group where they are most.");
        meter.CreateObservableGauge("lattice_cache_hit_ratio", () => HitRatio(core.Replicas), "1", "Share of the reads of records since the start that the cache answered; 0 before the first.");
        meter.CreateObservableGauge("lattice_cache_records", () => core.Cache.Count, "{record}", "Records in the cache.");

        void Gauge(string name, string? unit, string meaning, Func<Replica, long> value) => meter.CreateObservableGauge(name, () => OfEach(core.Replicas, value), unit, meaning);
        void Counter(string name, string? unit, string meaning, Func<Replica, long> value) => meter.CreateObservableCounter(name, () => SumOfEach(core.Replicas, value), unit, meaning);
    }

    private static IEnumerable<Measurement<long>> OfEach(IEnumerable<Replica> replicas, Func<Replica, long> value) =>
        replicas.Select(r => new Measurement<long>(value(r), GroupLabel.Of(r.Group)));

    private static IEnumerable<Measurement<long>> SumOfEach(IEnumerable<Replica> replicas, Func<Replica, long> value) =>
        replicas.GroupBy(r => GroupLabel.Of(r.Group), value).Select(g => new Measurement<long>(g.Sum(), g.Key));

    private static IEnumerable<Measurement<long>> FollowerLags(IEnumerable<Replica> replicas)
    {
        var lags = new SortedDictionary<int, long>();
        foreach (Replica replica in replicas)
        {
            foreach (PeerProgress follower in replica.Figures.Followers)
            {
                if (follower.Node != replica.Node)
                {
                    long lag = Math.Max(0, (long)replica.Status.LastIndex - (long)follower.Match);
                    lags[follower.Node] = Math.Max(lags.GetValueOrDefault(follower.Node), lag);
                }
            }
        }

        return lags.Select(l => new Measurement<long>(l.Value, KeyValuePair.Create<string, object?>("peer", l.Key)));
    }

    private static double HitRatio(ICollection<Replica> replicas)
    {
        double hits = replicas.Sum(r => r.State.CacheReads.Hits);
        double reads = hits + replicas.Sum(r => r.State.CacheReads.Misses);
        return reads == 0 ? 0 : hits / reads;
    }
}
