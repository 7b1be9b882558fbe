using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>
/// Takes a snapshot stream in: chunks in order, each checked, into a part of the state that nothing reads before the last
/// chunk has come and all of it is durable. What is repeated or out of order is answered with the chunk that is wanted next; what there is no room for
/// is not answered, so that the sender comes back to it after a while.
/// </summary>
internal sealed class SnapshotReceiver : IDisposable
{
    /// <summary>
    /// Answer to a stream of what is committed here already: the log goes on from there, and nothing more need be sent. A refusal
    /// would have the leader, which may have compacted what lies before, begin the same stream for ever.
    /// </summary>
    public const ulong HasItAll = ulong.MaxValue;

    private SnapshotInstaller? installer;
    private SnapshotMetadata? metadata;
    private ulong stream;
    private ulong next;

    /// <summary>The stream that was completed last: its sender may have missed the acknowledgement.</summary>
    private ulong completedStream;
    private ulong completedChunks;

    /// <summary>Takes a chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="state">The state that the snapshot is to replace.</param>
    /// <param name="wants">
    /// Whether a snapshot brings the replica forward. When the log holds what it brings, it must stay: entries that follow may have been
    /// acknowledged, and beginning the log anew would lose them. Asked at the beginning and, since the log goes on meanwhile, before the end.
    /// </param>
    public TakenChunk Take(Message chunk, StateMachine state, Func<LogPosition, bool> wants)
    {
        if (chunk.Context == completedStream && completedStream != 0)
        {
            return new TakenChunk(Reply(chunk, completedChunks));
        }

        if (installer is { IsComplete: true })
        {
            // A snapshot that only waits for room goes before one that would have to find room for all of it. The sender of that one repeats its chunk.
            bool isOfIt = chunk.Context == stream;
            TakenChunk finished = Finish(chunk, wants);
            return isOfIt ? finished : finished with { Reply = null };
        }

        if (chunk.Snapshot is { } begins && chunk.Index == 0 && chunk.Context != stream)
        {
            if (!wants(begins.Position))
            {
                return new TakenChunk(Reply(chunk, HasItAll));
            }

            Dispose();
            installer = state.BeginInstall(begins);
            metadata = begins;
            stream = chunk.Context;
            next = 0;
        }

        if (installer is null || chunk.Context != stream)
        {
            // The beginning was missed, or this node restarted meanwhile: the sender has to begin anew.
            return new TakenChunk(Reply(chunk, 0) with { Reject = chunk.Index > 0 });
        }

        return chunk.Index == next ? TakeNext(chunk, installer, wants) : new TakenChunk(Reply(chunk, next));
    }

    public void Dispose()
    {
        installer?.Dispose();
        installer = null;
        metadata = null;
        stream = 0;
        next = 0;
    }

    private TakenChunk TakeNext(Message chunk, SnapshotInstaller into, Func<LogPosition, bool> wants)
    {
        try
        {
            into.Add(chunk.Data);
        }
        catch (SnapshotCorruptException)
        {
            // Damaged on the way. Nothing of it is visible; the sender is told and begins anew.
            Dispose();
            return new TakenChunk(Reply(chunk, 0) with { Reject = true });
        }
        catch (DiskFullException)
        {
            // Half a block cannot be taken back, so the stream is lost. A sender that were told would begin anew at once, and again and again; this one
            // learns it when it repeats the chunk.
            Dispose();
            return TakenChunk.NoRoom;
        }

        next++;
        return into.IsComplete ? Finish(chunk, wants) : new TakenChunk(Reply(chunk, next));
    }

    /// <summary>All chunks are here: makes them the state, once that is durable but for the few rows that make it count.</summary>
    private TakenChunk Finish(Message chunk, Func<LogPosition, bool> wants)
    {
        SnapshotMetadata installed = metadata!;
        if (!wants(installed.Position))
        {
            // The log has brought this replica as far in the meantime.
            Dispose();
            return new TakenChunk(Reply(chunk, HasItAll));
        }

        try
        {
            installer!.Flush();
            installer.Complete();
        }
        catch (DiskFullException)
        {
            // The state and the log are as they were, and the replica lives on with them. Any chunk that comes again is the occasion to look for room again.
            return TakenChunk.NoRoom;
        }

        completedStream = stream;
        completedChunks = next;
        Dispose();
        return new TakenChunk(Reply(chunk, completedChunks), installed);
    }

    private static Message Reply(Message chunk, ulong next) => new()
    {
        Kind = MessageKind.SnapshotChunkReply,
        To = chunk.From,
        Context = chunk.Context,
        Index = next,
    };
}

/// <summary>What came of a chunk.</summary>
/// <param name="Reply">Answer to its sender; null: none.</param>
/// <param name="Installed">What the state stands for since; null: the state is as it was.</param>
/// <param name="Waits">Whether there was no room for it.</param>
internal readonly record struct TakenChunk(Message? Reply, SnapshotMetadata? Installed = null, bool Waits = false)
{
    public static TakenChunk NoRoom => new(Reply: null, Installed: null, Waits: true);
}
