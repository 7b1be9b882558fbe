using System.Diagnostics;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Telemetry;

namespace Lattice.Core.Replication;

/// <summary>
/// The writes of a group on their way: waiting for an entry, or in an entry that is not yet applied. Forms the batches:
/// what arrives while an entry is being made durable goes together into the next one (natural batching), so an
/// idle group never waits and a busy one syncs once for many.
/// </summary>
internal sealed class WriteQueue(ReplicaSettings settings, ReplicaInbox inbox, TimeProvider time, WriteTimings.Group? timings)
{
    // Entries under way before natural batching begins to hold writes back. Two keep both the disk and the network
    // busy: while one entry is being synced the next is already on its way to the followers.
    private const int EntriesUnderWay = 2;

    private readonly Queue<Waiting> waiting = new();
    private readonly Queue<InFlight> inFlight = new();
    private readonly List<ReadOnlyMemory<byte>> batch = [];
    private ulong lastStamp;
    private int traced;

    // Raft holds as much uncommitted as it may: only an applied entry makes room, so there is no use in waking before.
    private bool blocked;

    private readonly record struct Waiting(ReadOnlyMemory<byte> Batch, Action<Outcome> Completed, long Since, Activity? Caller);

    private readonly record struct InFlight(LogPosition Position, Waiting[] Writes, long ProposedAt, EntryTrace? Trace);

    /// <summary>Writes that wait for an entry.</summary>
    public int WaitingCount => waiting.Count;

    /// <summary>When the oldest waiting write must wait no longer, as a timestamp of the time provider; the largest value when none waits.</summary>
    public long Deadline => !blocked && waiting.TryPeek(out Waiting first) ? first.Since + Ticks(settings.BatchTimeout) : long.MaxValue;

    public void Add(ReadOnlyMemory<byte> writeBatch, Action<Outcome> completed, Activity? caller)
    {
        if (writeBatch.Length > settings.MaxEntryBytes)
        {
            inbox.WriteDone(writeBatch.Length);
            completed(Outcome.Failed(OutcomeKind.Malformed));
            return;
        }

        waiting.Enqueue(new Waiting(writeBatch, completed, time.GetTimestamp(), caller));
    }

    /// <summary>Proposes what should not wait any longer, at the cluster's feature level; gives the number of writes that were turned away.</summary>
    public int Propose(RaftNode node, ulong clock, int level)
    {
        int refused = 0;
        blocked = false;
        while (waiting.Count > 0 && (inFlight.Count < EntriesUnderWay || waiting.Count >= settings.BatchSize || time.GetTimestamp() >= Deadline))
        {
            int count = TakeBatch();
            byte[] payload = EntryPayload.Encode(Stamp(clock), batch, level);
            batch.Clear();
            ProposalStatus status = node.Propose(payload, out LogPosition position);
            if (status == ProposalStatus.Overloaded && inFlight.Count > 0)
            {
                // Too much is uncommitted already. These writes wait for what is before them; the inbox bounds how many do.
                blocked = true;
                return refused;
            }

            bool isTraced = false;
            var writes = new Waiting[count];
            for (int i = 0; i < count; i++)
            {
                writes[i] = waiting.Dequeue();
                isTraced |= writes[i].Caller is not null;
            }

            if (status == ProposalStatus.Accepted)
            {
                traced += isTraced ? 1 : 0;
                inFlight.Enqueue(new InFlight(position, writes, time.GetTimestamp(), isTraced ? new EntryTrace(time) : null));
                timings?.Proposed(count);
            }
            else
            {
                OutcomeKind kind = status == ProposalStatus.Overloaded ? OutcomeKind.Overloaded : OutcomeKind.NotLeader;
                refused += count;
                Answer(writes, Outcome.Failed(kind, node.Leader));
            }
        }

        return refused;
    }

    /// <summary>The time to stamp an entry with: never less than any stamp before it.</summary>
    public ulong Stamp(ulong clock)
    {
        ulong now = (ulong)time.GetUtcNow().ToUnixTimeMilliseconds();
        lastStamp = Math.Max(Math.Max(now, clock), lastStamp);
        return lastStamp;
    }

    /// <summary>Entries are durable here.</summary>
    public void Durable(LogPosition upTo)
    {
        if (traced == 0)
        {
            return;
        }

        foreach (InFlight entry in inFlight)
        {
            if (entry.Trace is { Durable: 0 } trace && entry.Position.Index <= upTo.Index)
            {
                trace.Durable = time.GetTimestamp();
            }
        }
    }

    /// <summary>A majority has the entries.</summary>
    public void Committed(IReadOnlyList<Entry> entries)
    {
        if (timings is null || inFlight.Count == 0)
        {
            return;
        }

        long now = time.GetTimestamp();
        foreach (InFlight entry in inFlight)
        {
            if (entry.Position.Index > entries[^1].Index)
            {
                break;
            }

            if (entry.Position.Index >= entries[0].Index)
            {
                timings.Committed(time.GetElapsedTime(entry.ProposedAt, now));
                if (entry.Trace is { } trace)
                {
                    trace.Committed = now;
                }
            }
        }
    }

    /// <summary>Answers the writes of an entry that was applied, and those of entries that it shows to be lost.</summary>
    public void Applied(AppliedEntry applied, int leader, ApplyTimes times)
    {
        while (inFlight.TryPeek(out InFlight first) && first.Position.Index <= applied.Index)
        {
            inFlight.Dequeue();
            traced -= first.Trace is null ? 0 : 1;
            if (first.Position == new LogPosition(applied.Index, applied.Term))
            {
                for (int i = 0; i < first.Writes.Length; i++)
                {
                    inbox.WriteDone(first.Writes[i].Batch.Length);
                    if (first.Writes[i].Caller is { } caller)
                    {
                        first.Trace!.Tell(caller, first.Writes[i].Since, times);
                    }

                    first.Writes[i].Completed(new Outcome(OutcomeKind.Done, applied.BatchResults[i], leader));
                }
            }
            else
            {
                // Another entry was committed in its place, so this one never will be.
                Answer(first.Writes, Outcome.Failed(OutcomeKind.NotLeader));
            }
        }
    }

    /// <summary>Leadership is gone: what waits was not done, and what is in flight may yet be committed by the next leader.</summary>
    public void LeadershipLost(int leader)
    {
        traced = 0;
        while (inFlight.TryDequeue(out InFlight lost))
        {
            Answer(lost.Writes, Outcome.Failed(OutcomeKind.Unknown, leader));
        }

        RefuseWaiting(OutcomeKind.NotLeader, leader);
    }

    /// <summary>Answers everything that waits for an entry.</summary>
    public void RefuseWaiting(OutcomeKind kind, int leader)
    {
        while (waiting.TryDequeue(out Waiting write))
        {
            inbox.WriteDone(write.Batch.Length);
            write.Completed(Outcome.Failed(kind, leader));
        }
    }

    private int TakeBatch()
    {
        int count = 0;
        long bytes = 0;
        foreach (Waiting write in waiting)
        {
            bytes += write.Batch.Length;
            if (count == settings.BatchSize || (count > 0 && bytes > settings.MaxEntryBytes))
            {
                break;
            }

            batch.Add(write.Batch);
            count++;
        }

        return count;
    }

    private void Answer(Waiting[] writes, Outcome outcome)
    {
        foreach (Waiting write in writes)
        {
            inbox.WriteDone(write.Batch.Length);
            write.Completed(outcome);
        }
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
