using System.Collections.Concurrent;
using Lattice.Core.Replication;
using Lattice.Core.State;

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

    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly ConcurrentDictionary<uint, Counter> waiting = new();

    private sealed class Counter
    {
        public int Count;
    }

    // Away from the scheduler of the grain that calls, which runs one thing at a time: writes wait here by the hundred.
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
            return await UntilDeadlineAsync(group, batch, time.GetTimestamp(), timeout).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref counter.Count);
        }
    }

    private async Task<ShardReply> UntilDeadlineAsync(uint group, ReadOnlyMemory<byte> batch, long began, TimeSpan timeout)
    {
        // Once an attempt may have been done, nothing but a result can say otherwise: a later "nothing was done" is only about the later attempt.
        bool mayBeDone = false;
        for (; ; )
        {
            TimeSpan left = timeout - time.GetElapsedTime(began);
            int leader = local.LeaderOf(group);
            if (left <= TimeSpan.Zero)
            {
                return mayBeDone ? ShardReplies.Unknown(group, leader) : ShardReplies.Unavailable(group, leader);
            }

            Task change = local.LeaderChange(group, leader);
            ShardReply? reply = leader == 0 ? null : await AskAsync(leader, group, batch, change, left).ConfigureAwait(false);
            switch (reply?.Status)
            {
                case ShardStatus.OutcomeUnknown when Repetition.IsSafe(batch.Span):
                    mayBeDone = true;
                    break;
                case null or ShardStatus.Unavailable:
                case ShardStatus.ShuttingDown when leader != node:
                    break;
                case ShardStatus.Ok or ShardStatus.OutcomeUnknown:
                    return reply;
                default:
                    return mayBeDone ? ShardReplies.Unknown(group, leader) : reply;
            }

            await PauseAsync(change, leader, timeout - time.GetElapsedTime(began)).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for another leader, but for one that is known no longer than it may need to find out itself.</summary>
    private async Task PauseAsync(Task change, int leader, TimeSpan left)
    {
        if (change.IsCompleted || left <= TimeSpan.Zero)
        {
            return;
        }

        try
        {
            await change.WaitAsync(leader == 0 || Pause > left ? left : Pause, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The caller looks at the leader again, or ends.
            return;
        }
    }

    private async ValueTask<ShardReply?> AskAsync(int leader, uint group, ReadOnlyMemory<byte> batch, Task change, TimeSpan left)
    {
        Task<ShardReply> answer;
        if (leader == node)
        {
            // The local replica itself answers when it loses its office; only a disk that hangs keeps it from answering in time.
            answer = local.WriteAsync(group, batch);
            change = Never;
        }
        else if (forward(leader, group, batch) is { } call)
        {
            if (call.IsCompletedSuccessfully)
            {
                return call.Result;
            }

            answer = AnswerAsync(call, group, leader);
        }
        else
        {
            return null;
        }

        try
        {
            Task first = change == Never ? answer : Task.WhenAny(answer, change);
            await first.WaitAsync(left, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Given up, as when there is another leader.
        }

        return answer.IsCompletedSuccessfully ? answer.Result : ShardReplies.Unknown(group, local.LeaderOf(group));
    }

    private static async Task<ShardReply> AnswerAsync(ValueTask<ShardReply> call, uint group, int leader)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Orleans failed the call: whether the leader got it is not known.
            return ShardReplies.Unknown(group, leader);
        }
    }
}
