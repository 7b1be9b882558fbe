using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>
/// Takes in the snapshot that the leader streams to a replica which is behind its log, and makes it the replica's state. First its rows become durable, then they
/// become the state, then that becomes durable, then the log begins anew after it, and only then is the leader answered. After a crash in between the state is the
/// old one, or ahead of the log, which <see cref="LogRecoveryRules"/> puts right; a log begun anew before its state is durable would lose entries.
/// </summary>
/// <remarks>
/// The volume may be full at any step. Until the rows have become the state, the replica lives on with the old one: it votes, and its answers keep a leader in
/// office. Afterwards there is no way back, for an engine whose files find no room takes no rows either that would undo it. When the room went
/// between the one flush and the other, the installation <see cref="IsUnfinished"/>, and is tried again until there is room.
/// </remarks>
/// <param name="parts">What the replica is made of.</param>
/// <param name="settings">How it works.</param>
/// <param name="owner">The node.</param>
/// <param name="applier">Goes on from the new state.</param>
/// <param name="journal">The log, and what waits for it.</param>
/// <param name="trace">Where it is told.</param>
/// <param name="send">Sends an answer to the leader.</param>
/// <param name="installed">Called when a snapshot has become the state, durably.</param>
internal sealed class SnapshotInstallation(
    ReplicaParts parts,
    ReplicaSettings settings,
    IReplicaOwner owner,
    EntryApplier applier,
    ReplicaJournal journal,
    ReplicaTrace trace,
    Action<Message> send,
    Action<LogPosition> installed) : IDisposable
{
    private readonly SnapshotReceiver receiver = new();
    private readonly RaftNode raft = parts.Raft;
    private TakenSnapshot? unfinished;
    private int ticks;
    private bool waits;

    // The reply says that all of it is durable here; there is none when a chunk of another stream was the occasion to finish this one.
    private sealed record TakenSnapshot(SnapshotMetadata Metadata, Message? Reply);

    /// <summary>
    /// Whether the state is ahead of the log without being durable. Neither fits the other, so the replica may not apply, append, vote or acknowledge anything: it has
    /// to keep still as if its process were stopped. Its log is as it was, so whatever it promised holds.
    /// </summary>
    public bool IsUnfinished => unfinished is not null;

    /// <summary>Takes a chunk.</summary>
    public void Take(Message chunk)
    {
        if (chunk.Term < raft.Term)
        {
            return;
        }

        try
        {
            if (chunk.Snapshot is { } begins)
            {
                owner.BelongsTo(begins.Configuration.ClusterId);
            }
        }
        catch (DiskFullException)
        {
            // The stream cannot begin without it. The sender repeats the chunk, and perhaps there is room then.
            Wait();
            return;
        }

        TakenChunk taken = receiver.Take(chunk, parts.State, raft.WantsSnapshot);
        if (taken.Installed is { } metadata)
        {
            unfinished = new TakenSnapshot(metadata, taken.Reply);
            ticks = 0;
            Finish(unfinished);
        }
        else if (taken.Waits)
        {
            Wait();
        }
        else if (taken.Reply is { } reply)
        {
            waits &= reply.Index != SnapshotReceiver.HasItAll;
            send(reply);
        }
    }

    /// <summary>A tick of a replica whose installation <see cref="IsUnfinished"/>.</summary>
    public void Tick()
    {
        if (unfinished is { } snapshot && ++ticks % settings.ElectionTicks == 0)
        {
            Finish(snapshot);
        }
    }

    public void Dispose() => receiver.Dispose();

    private void Finish(TakenSnapshot snapshot)
    {
        try
        {
            parts.Engine.Flush();
        }
        catch (DiskFullException)
        {
            Wait();
            return;
        }

        unfinished = null;
        waits = false;
        owner.StateDiskFull = false;
        LogPosition position = snapshot.Metadata.Position;
        applier.StateReplaced();
        journal.Reset(position);
        raft.SnapshotInstalled(snapshot.Metadata);
        trace.Installed(position);
        installed(position);
        if (snapshot.Reply is { } reply)
        {
            send(reply);
        }
    }

    private void Wait()
    {
        owner.StateDiskFull = true;
        if (!waits)
        {
            waits = true;
            owner.SnapshotWaits(parts.Group);
        }
    }
}
