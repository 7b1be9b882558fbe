using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.Telemetry;

namespace Lattice.Grains;

/// <summary>What this node sees of the others: who is reachable, what is said over the network. Read when somebody asks.</summary>
internal sealed class ClusterMetrics
{
    private readonly NodeInfo node;
    private readonly ReplicaHost host;
    private readonly MemberDirectory members;
    private readonly PeerLinks links;

    public ClusterMetrics(LatticeMeter meter, NodeInfo node, ReplicaHost host, MemberDirectory members, PeerLinks links, OperationsUnderWay operations)
    {
        (this.node, this.host, this.members, this.links) = (node, host, members, links);
        meter.CreateObservableGauge("lattice_cluster_quorum", Quorum, "1", "Voters that this node reaches, itself included, of all voters, in the group where they are fewest; 0 when they are no majority.");
        meter.CreateObservableGauge("lattice_cluster_members", () => members.Members().Count, "{node}", "Nodes that belong to the cluster.");
        meter.CreateObservableGauge("lattice_peer_reachable", () => OfPeers(l => l.Alive ? 1 : 0), null, "1: the peer answered when it was last asked, within a second.");
        meter.CreateObservableGauge("lattice_network_round_trip_seconds", () => OfPeers(l => l.RoundTripUs / 1e6), "s", "Round trip to the peer, a moving average over some seconds; 0 before the first.");
        meter.CreateObservableCounter("lattice_network_errors_total", () => OfPeers(l => l.FailedSends), "{error}", "Sends to the peer that failed, and questions that it did not answer within a second.");
        meter.CreateObservableCounter("lattice_network_sent_messages_total", () => OfPeers(l => l.SentMessages), "{message}", "Messages of Raft sent to the peer.");
        meter.CreateObservableCounter("lattice_network_sent_bytes_total", () => OfPeers(l => l.SentBytes), "By", "Bytes of Raft's messages sent to the peer.");
        meter.CreateObservableCounter("lattice_network_received_frames_total", () => OfPeers(l => l.ReceivedFrames), "{frame}", "Frames with Raft's messages received from the peer; one carries those of all groups that waited.");
        meter.CreateObservableCounter("lattice_network_received_bytes_total", () => OfPeers(l => l.ReceivedBytes), "By", "Bytes of Raft's messages received from the peer.");
        meter.CreateObservableGauge("lattice_network_throughput_sent_bytes_per_second", () => OfPeers(l => l.SendRate.PerSecond), "By/s", "Bytes of Raft's messages sent to the peer in each of the last ten seconds, on average.");
        meter.CreateObservableGauge("lattice_network_throughput_received_bytes_per_second", () => OfPeers(l => l.ReceiveRate.PerSecond), "By/s", "Bytes of Raft's messages received from the peer in each of the last ten seconds, on average.");
        meter.CreateObservableGauge("lattice_operations_running", () => operations.Count, "{operation}", "Operations of operators that this node runs.");
        meter.CreateObservableGauge("lattice_start_time_seconds", () => node.StartedAt.ToUnixTimeMilliseconds() / 1000.0, "s", "When the node started, in seconds since 1970.");
        meter.CreateObservableGauge("lattice_build_info", () => new Measurement<int>(1, KeyValuePair.Create<string, object?>("version", node.Version), KeyValuePair.Create<string, object?>("runtime", Environment.Version.ToString())), null, "Always 1; the labels say which version of Lattice runs on which version of .NET.");
    }

    private double Quorum()
    {
        double least = 1;
        foreach (ReplicaStatus replica in host.Status().Replicas)
        {
            Configuration configuration = replica.Configuration;
            least = Math.Min(least, Reachable(configuration.Voters));
            if (configuration.IsJoint)
            {
                least = Math.Min(least, Reachable(configuration.OutgoingVoters));
            }
        }

        return least;
    }

    private double Reachable(ImmutableSortedSet<int> voters)
    {
        int reached = voters.Count(id => id == node.Node || links.Of(id).Alive);
        return 2 * reached > voters.Count ? (double)reached / voters.Count : 0;
    }

    private IEnumerable<Measurement<T>> OfPeers<T>(Func<PeerLinks.Link, T> value)
        where T : struct =>
        members.Members().Where(id => id != node.Node).Select(id => new Measurement<T>(value(links.Of(id)), KeyValuePair.Create<string, object?>("peer", id)));
}
