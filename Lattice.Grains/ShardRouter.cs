using Lattice.Core.Replication;
using Lattice.Core.Telemetry;
using Lattice.Grains.Load;

namespace Lattice.Grains;

/// <summary>Serves the requests that arrive at this silo's shard grains: writes at the leader, reads at the local replica.</summary>
public sealed class ShardRouter
{
    // A caller's patience is bounded here too, whatever it says.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(25);

    // Wait before a read is tried again when there was no leader to ask for a read index.
    private static readonly TimeSpan ReadPause = TimeSpan.FromMilliseconds(20);

    private readonly ReplicaHost host;
    private readonly TimeProvider time;
    private readonly RequestTally tally;
    private readonly LeaderWatch leaders;
    private readonly LeaderForwarder forwarder;

    /// <summary>A router for the node.</summary>
    public ShardRouter(NodeInfo node, ReplicaHost host, HostShards shards, PeerDirectory peers, LeaderWatch leaders, RequestTally tally, TimeProvider time)
    {
        this.host = host;
        this.time = time;
        this.leaders = leaders;
        this.tally = tally;
        forwarder = new LeaderForwarder(node.Node, shards, (to, group, batch) => peers.Find(to)?.Write(group, batch), time);
    }

    /// <summary>Has a write batch done.</summary>
    public async Task<ShardReply> WriteAsync(uint group, ShardRequest request)
    {
        long began = time.GetTimestamp();
        ShardReply reply = await forwarder.WriteAsync(group, request.Payload, Timeout(request)).ConfigureAwait(false);
        if (reply.Status == ShardStatus.Ok)
        {
            tally.Wrote(BatchSize.OfWrites(request.Payload.Span), time.GetElapsedTime(began));
        }
        else
        {
            tally.Failed();
        }

        return reply;
    }

    /// <summary>Answers a query batch.</summary>
    public async Task<ShardReply> QueryAsync(uint group, ShardRequest request)
    {
        long began = time.GetTimestamp();
        ShardReply reply = await AnswerAsync(group, request).ConfigureAwait(false);
        if (reply.Status == ShardStatus.Ok)
        {
            tally.Read(BatchSize.OfQueries(request.Payload.Span), time.GetElapsedTime(began));
        }
        else
        {
            tally.Failed();
        }

        return reply;
    }

    private async Task<ShardReply> AnswerAsync(uint group, ShardRequest request)
    {
        long began = time.GetTimestamp();
        TimeSpan timeout = Timeout(request);
        for (; ; )
        {
            int leader = host.LeaderOf(group);
            Outcome outcome = await host.QueryAsync(group, request.Payload, request.Consistency == ReadConsistency.Linearizable).ConfigureAwait(false);
            TimeSpan left = timeout - time.GetElapsedTime(began);
            if (outcome.Kind != OutcomeKind.NotLeader || left <= TimeSpan.Zero)
            {
                return ShardReplies.From(group, outcome);
            }

            await Task.WhenAny(leaders.ChangeFrom(group, leader), Task.Delay(leader == 0 ? left : ReadPause, time)).ConfigureAwait(false);
        }
    }

    private static TimeSpan Timeout(ShardRequest request)
    {
        var asked = TimeSpan.FromMilliseconds(Math.Max(1, request.TimeoutMs));
        return asked < LongestTimeout ? asked : LongestTimeout;
    }
}
