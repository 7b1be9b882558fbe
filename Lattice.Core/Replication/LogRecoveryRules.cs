using Lattice.Core.Consensus;
using Lattice.Core.Log;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>
/// How the log and the state of a group fit together after a restart. The state is durable up to some applied entry; the
/// log holds everything from its compaction point on. Normally the state lies between the two ends of the log, and
/// what follows it is applied again.
/// </summary>
internal static class LogRecoveryRules
{
    /// <summary>Brings the log in line with the state, or refuses.</summary>
    public static void Reconcile(uint group, string directory, GroupLog log, StateMachine state)
    {
        LogPosition applied = state.Applied;
        if (applied.Index < log.Compacted.Index)
        {
            throw new NodeStartException($"Group {group} in {directory}: the state ends at entry {applied.Index}, but the log begins after entry {log.Compacted.Index}, so the entries between them are lost: files below 'state' were removed or exchanged. Remove the files in 'wal' and 'state' and start again: the other nodes then bring this one up to date. Nothing was changed.");
        }

        if (applied.Index > log.LastIndex || log.Term(applied.Index) != applied.Term)
        {
            // A snapshot was installed and the crash came before the log was begun anew, so the log ends before it or holds other entries
            // that never were committed; or the log's tail was not synced (sync_on_write = false). Only committed entries are
            // ever applied, so the state is right and the log may go.
            log.Reset(applied);
        }
    }
}
