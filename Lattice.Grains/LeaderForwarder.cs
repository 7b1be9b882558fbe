using System.Collections.Concurrent;
using Lattice.Core.Replication;

namespace Lattice.Grains;

/// <summary>
/// Brings writes to the leader of their group, wherever it is. Orleans tells only after many seconds that a call to a killed
/// silo is lost, so it is Raft that decides when to give a forwarded call up: as soon as the local replica knows of
/// another leader, or of none. A write with a session is then sent anew, which is safe; one without is reported as unknown.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="local">The local replicas.</param>
/// <param name="forward">A call to another node's replica service; null when the node cannot be reached at present.</param>
/// <param name="time">Clock of the deadlines.</param>
internal sealed class LeaderForwarder(int node, ILocalShards local, Func<int, uint, ReadOnlyMemory<byte>, ValueTask<ShardReply>?> forward, TimeProvider time)
{
    // Writes of one group that may wait here for a leader or for its answer.
    private const int MaxWaitingPerGroup = 16384;

    // Wait before the same leader is asked again after it said that it does not lead, or could not be reached.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<uint, Counter> waiting = new();

    private sealed class Counter
    {
        public int Count;
    }

    public async Task<ShardReply> WriteAsync(uint group, ReadOnlyMemory<byte> batch, TimeSpan timeout)
    {
        Counter counter = waiting.GetOrAdd(group, static _ => new Counter());
        if (Interlocked.Increment(ref counter.Count) > MaxWaitingPerGroup)
        {
            Interlocked.Decrement(ref counter.Count);
            return ShardReplies.From(group, Outcome.Failed(OutcomeKind.Overloaded));
        }

        try
        {
            return await UntilDeadlineAsync(group, batch, time.GetTimestamp(), timeout);
        }
        finally
        {
            Interlocked.Decrement(ref counter.Count);
        }
    }

    private async Task<ShardReply> UntilDeadlineAsync(uint group, ReadOnlyMemory<byte> batch, long began, TimeSpan timeout)
    {
        ShardReply last = ShardReplies.Unavailable(group, 0);
        for (; ; )
        {
            TimeSpan left = timeout - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                return last;
            }

            int leader = local.LeaderOf(group);
            Task change = local.LeaderChange(group, leader);
            ShardReply? reply = leader == 0 ? null : await AskAsync(leader, group, batch, change, left);
            if (reply is not null && !IsWorthRepeating(reply, batch))
            {
                return reply;
            }

            last = reply ?? last;
            bool pause = leader != 0 && !change.IsCompleted;
            await Task.WhenAny(change, Task.Delay(pause ? Pause : timeout - time.GetElapsedTime(began) is { Ticks: > 0 } rest ? rest : TimeSpan.Zero, time));
        }
    }

    private async ValueTask<ShardReply?> AskAsync(int leader, uint group, ReadOnlyMemory<byte> batch, Task change, TimeSpan left)
    {
        if (leader == node)
        {
            // The local replica itself answers when it loses leadership.
            return await local.WriteAsync(group, batch);
        }

        if (forward(leader, group, batch) is not { } call)
        {
            return null;
        }

        if (call.IsCompletedSuccessfully)
        {
            return call.Result;
        }

        Task<ShardReply> answer = call.AsTask();
        Task first = await Task.WhenAny(answer, change, Task.Delay(left, time));
        if (first == answer)
        {
            return await Answered(answer, group, leader);
        }

        // Given up: whatever it answers later, nobody listens any more, but a failure must not go unobserved.
        _ = Answered(answer, group, leader);
        return ShardReplies.Unknown(group, local.LeaderOf(group));
    }

    private static async Task<ShardReply> Answered(Task<ShardReply> call, uint group, int leader)
    {
        try
        {
            return await call;
        }
        catch (Exception)
        {
            // Orleans failed the call: whether the leader got it is not known.
            return ShardReplies.Unknown(group, leader);
        }
    }

    private static bool IsWorthRepeating(ShardReply reply, ReadOnlyMemory<byte> batch) => reply.Status switch
    {
        ShardStatus.Unavailable or ShardStatus.ShuttingDown => true,
        ShardStatus.OutcomeUnknown => HasSession(batch.Span),
        _ => false,
    };

    /// <summary>Whether the batch names a session (bytes 1 to 16 of a write batch), so that doing it twice is impossible.</summary>
    private static bool HasSession(ReadOnlySpan<byte> batch) => batch.Length > 17 && batch[1..17].ContainsAnyExcept((byte)0);
}
