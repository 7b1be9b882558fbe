using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>
/// The library's log, but what a leader sends is on disk before the follower acknowledges it. As it comes, the log starts to write when an entry is appended, and waits for the disk only before it commits: a follower acknowledges what it has in memory.
/// </summary>
internal sealed class SyncedLog(WriteAheadLog.Options options, IStateMachine stateMachine) : WriteAheadLog(options, stateMachine), IAuditTrail<IRaftLogEntry>
{
    /// <inheritdoc/>
    async ValueTask IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(ILogEntryProducer<TEntry> entries, long startIndex, bool skipCommitted, CancellationToken token)
    {
        bool heartbeat = entries.RemainingCount == 0;
        await AppendAsync(entries, startIndex, skipCommitted, token).ConfigureAwait(false);
        if (!heartbeat)
        {
            await FlushAsync(token).ConfigureAwait(false);
        }
    }
}
