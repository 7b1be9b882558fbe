using Lattice.Core.Consensus;
using Lattice.Core.Log;

namespace Lattice.Core.Replication;

/// <summary>
/// What a replica writes into the log, and what waits until that is durable. Messages that promise something leave only then; a term, vote or commit index that
/// promises nothing to anybody waits for the next entries.
/// </summary>
internal sealed class ReplicaJournal
{
    private readonly GroupLog log;
    private readonly IReplicaOwner owner;
    private readonly DurabilityQueue waiting;
    private HardState? unsaved;

    /// <summary>Begins.</summary>
    /// <param name="parts">What the replica is made of.</param>
    /// <param name="time">Clock.</param>
    /// <param name="owner">Flushes the log.</param>
    /// <param name="persisted">Told the last entry that has become durable, and the timestamp of its way into the log.</param>
    /// <param name="send">Sends messages.</param>
    public ReplicaJournal(ReplicaParts parts, TimeProvider time, IReplicaOwner owner, Action<LogPosition, long> persisted, Action<IReadOnlyList<Message>> send)
    {
        log = parts.Log;
        this.owner = owner;
        waiting = new DurabilityQueue(parts.Wal, time, persisted, send);
    }

    /// <summary>Whether something waits for the log to become durable. Any thread, after a flush.</summary>
    public bool WaitsForDisk => waiting.Waits;

    /// <summary>Writes what Raft wants to be durable.</summary>
    public void Persist(Ready ready)
    {
        unsaved = ready.HardState ?? unsaved;
        if (ready.Entries.Count > 0 || ready.MustSync)
        {
            long sequence = log.Append(ready.Entries, unsaved);
            unsaved = null;
            LogPosition last = ready.Entries.Count > 0 ? new LogPosition(ready.Entries[^1].Index, ready.Entries[^1].Term) : default;
            waiting.Add(sequence, last, ready.MessagesAfterPersist);
            owner.LogAppended();
        }
        else if (ready.MessagesAfterPersist.Count > 0)
        {
            waiting.Add(ready.MessagesAfterPersist);
        }
    }

    /// <summary>Keeps the promises that the disk now allows.</summary>
    public void Release() => waiting.Release();

    /// <summary>Drops entries up to an index that the state has made durable.</summary>
    public void Compact(ulong upTo)
    {
        if (upTo >= log.FirstIndex)
        {
            log.Compact(upTo);
            owner.LogAppended();
        }
    }

    /// <summary>Begins the log anew after an entry at which the state is durable.</summary>
    public void Reset(LogPosition position)
    {
        waiting.Add(log.Reset(position), default, []);
        owner.LogAppended();
    }

    /// <summary>Writes what has waited for entries; there may come none any more.</summary>
    public void Close()
    {
        if (unsaved is { } hard)
        {
            log.Append([], hard);
            unsaved = null;
            owner.LogAppended();
        }
    }
}
