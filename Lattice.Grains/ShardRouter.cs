using System.Diagnostics;
using System.Runtime.CompilerServices;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Telemetry;

namespace Lattice.Grains;

/// <summary>Serves the requests that arrive at this silo, at its shard grains or over connections of clients: writes at the leader, reads at the local replica.</summary>
public sealed class ShardRouter
{
    // A caller's patience is bounded here too, whatever it says.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(25);

    // Wait before a read is tried again when there was no leader to ask for a read index.
    private static readonly TimeSpan ReadPause = TimeSpan.FromMilliseconds(20);

    private readonly ReplicaHost host;
    private readonly TimeProvider time;
    private readonly LeaderWatch leaders;
    private readonly LeaderForwarder forwarder;
    private readonly RequestMetrics metrics;

    /// <summary>A router for the node.</summary>
    public ShardRouter(NodeInfo node, ReplicaHost host, HostShards shards, PeerDirectory peers, LeaderWatch leaders, RequestMetrics metrics, TimeProvider time)
    {
        this.host = host;
        this.time = time;
        this.leaders = leaders;
        this.metrics = metrics;
        forwarder = new LeaderForwarder(node.Node, shards, (to, group, batch) => peers.Find(to)?.Write(group, batch), time);
    }

    /// <summary>Has a write batch done.</summary>
    /// <param name="group">The group.</param>
    /// <param name="request">The batch.</param>
    /// <param name="caller">The activity that asks; the default value: the present one.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ShardReply> WriteAsync(uint group, ShardRequest request, ActivityContext caller = default)
    {
        using Activity? activity = Begin("lattice.shard.write", group, caller);
        long began = time.GetTimestamp();
        int requests = RequestCount.OfWrites(request.Payload.Span);
        metrics.WritesBegin(requests);
        ShardReply reply = await forwarder.WriteAsync(group, request.Payload, Timeout(request)).ConfigureAwait(false);
        metrics.WritesEnd(group, requests, reply.Status, time.GetElapsedTime(began));
        End(activity, requests, reply);
        return reply;
    }

    /// <summary>Answers a query batch.</summary>
    /// <param name="group">The group.</param>
    /// <param name="request">The batch.</param>
    /// <param name="caller">The activity that asks; the default value: the present one.</param>
    public async Task<ShardReply> QueryAsync(uint group, ShardRequest request, ActivityContext caller = default)
    {
        using Activity? activity = Begin("lattice.shard.read", group, caller);
        long began = time.GetTimestamp();
        TimeSpan timeout = Timeout(request);
        int requests = RequestCount.OfQueries(request.Payload.Span);
        metrics.ReadsBegin(requests);
        for (; ; )
        {
            int leader = host.LeaderOf(group);
            Outcome outcome = await host.QueryAsync(group, request.Payload, request.Consistency == ReadConsistency.Linearizable).ConfigureAwait(false);
            TimeSpan left = timeout - time.GetElapsedTime(began);
            if (outcome.Kind != OutcomeKind.NotLeader || left <= TimeSpan.Zero)
            {
                ShardReply reply = ShardReplies.From(group, outcome);
                metrics.ReadsEnd(group, requests, reply.Status, time.GetElapsedTime(began));
                End(activity, requests, reply);
                return reply;
            }

            await Task.WhenAny(leaders.ChangeFrom(group, leader), Task.Delay(leader == 0 ? left : ReadPause, time)).ConfigureAwait(false);
        }
    }

    private static Activity? Begin(string name, uint group, ActivityContext caller) => LatticeActivity.Source.StartActivity(name, ActivityKind.Server, caller)?.SetTag("lattice.group", group);

    private static void End(Activity? activity, int requests, ShardReply reply) => activity?
        .SetTag("lattice.requests", requests)
        .SetTag("lattice.result", ResultNames.Of(reply.Status))
        .SetStatus(reply.Status == ShardStatus.Ok ? ActivityStatusCode.Ok : ActivityStatusCode.Error, reply.Message);

    private static TimeSpan Timeout(ShardRequest request)
    {
        var asked = TimeSpan.FromMilliseconds(Math.Max(1, request.TimeoutMs));
        return asked < LongestTimeout ? asked : LongestTimeout;
    }
}
