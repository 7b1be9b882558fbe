using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>
/// Takes a snapshot stream in: chunks in order, each checked, into a part of the state that nothing reads before the last
/// chunk has come. What is repeated or out of order is answered with the chunk that is wanted next.
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

    /// <summary>Takes a chunk; answers with a reply and, when it was the last one, with what the state now stands for.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="state">The state that the snapshot is to replace.</param>
    /// <param name="wants">
    /// Whether a snapshot brings the replica forward. When the log holds what it brings, it must stay: entries that follow may have been
    /// acknowledged, and beginning the log anew would lose them. Asked at the beginning and, since the log goes on meanwhile, before the end.
    /// </param>
    public (Message Reply, SnapshotMetadata? Installed) Take(Message chunk, StateMachine state, Func<LogPosition, bool> wants)
    {
        if (chunk.Context == completedStream && completedStream != 0)
        {
            return (Reply(chunk, completedChunks), null);
        }

        if (chunk.Snapshot is { } begins && chunk.Index == 0 && chunk.Context != stream)
        {
            if (!wants(begins.Position))
            {
                return (Reply(chunk, HasItAll), null);
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
            return (Reply(chunk, 0) with { Reject = chunk.Index > 0 }, null);
        }

        if (chunk.Index != next)
        {
            return (Reply(chunk, next), null);
        }

        try
        {
            installer.Add(chunk.Data);
            next++;
            if (!installer.IsComplete)
            {
                return (Reply(chunk, next), null);
            }

            if (!wants(metadata!.Position))
            {
                // The log has brought this replica as far in the meantime.
                Dispose();
                return (Reply(chunk, HasItAll), null);
            }

            installer.Complete();
        }
        catch (Exception e) when (e is SnapshotCorruptException or DiskFullException)
        {
            // Damaged on the way, or no room here. Nothing of it is visible; the sender is told and begins anew.
            Dispose();
            return (Reply(chunk, 0) with { Reject = true }, null);
        }

        SnapshotMetadata installed = metadata;
        completedStream = stream;
        completedChunks = next;
        Dispose();
        return (Reply(chunk, completedChunks), installed);
    }

    public void Dispose()
    {
        installer?.Dispose();
        installer = null;
        metadata = null;
        stream = 0;
        next = 0;
    }

    private static Message Reply(Message chunk, ulong next) => new()
    {
        Kind = MessageKind.SnapshotChunkReply,
        To = chunk.From,
        Context = chunk.Context,
        Index = next,
    };
}
