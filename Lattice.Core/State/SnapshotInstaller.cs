using Lattice.Core.Consensus;
using Lattice.Core.Disk;

namespace Lattice.Core.State;

/// <summary>
/// Takes the blocks of a <see cref="GroupSnapshot"/> into a new epoch of the group, which nothing reads before <see cref="Complete"/>
/// makes it count, in one batch with the removal of the old one. What a crash or <see cref="Dispose"/> leaves unfinished never counts.
/// Memory is that of a block and a batch, or of the longest row. Used in the group's loop.
/// </summary>
public sealed class SnapshotInstaller : ISnapshotRows, IDisposable
{
    private const int BatchBytes = 1 << 20;

    private readonly IStateEngine engine;
    private readonly StateKeys keys;
    private readonly Action<SnapshotInstaller> completed;
    private readonly SnapshotParser parser;
    private readonly StateBatch batch;
    private int batchBytes;
    private bool done;
    private bool disposed;

    /// <summary>Begins.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="expected">What the snapshot stands for.</param>
    /// <param name="keys">Where its rows go.</param>
    /// <param name="firstAbandoned">First of the epochs before this one that were begun and never came to count.</param>
    /// <param name="completed">Makes the new state the group's.</param>
    internal SnapshotInstaller(IStateEngine engine, SnapshotMetadata expected, StateKeys keys, uint firstAbandoned, Action<SnapshotInstaller> completed)
    {
        this.engine = engine;
        this.keys = keys;
        this.completed = completed;
        parser = new SnapshotParser(keys.Group, expected.Position, this);
        batch = engine.CreateBatch();
        if (firstAbandoned < keys.Epoch)
        {
            // What could not be removed when it was given up, because the volume was full, must not fill it for good.
            batch.DeleteRange(StateKeys.EpochStart(keys.Group, firstAbandoned), StateKeys.EpochStart(keys.Group, keys.Epoch));
        }

        Digests = new DigestTable(keys.Group);
    }

    /// <summary>Whether the last block has come and all of it was right.</summary>
    public bool IsComplete => parser.IsComplete;

    internal StateKeys Keys => keys;

    /// <summary>Digests of the rows that were taken in.</summary>
    internal DigestTable Digests { get; }

    internal SnapshotHeader Header => parser.Header!;

    /// <summary>Takes the next block.</summary>
    /// <exception cref="SnapshotCorruptException">It is damaged, not the next one, or of another snapshot; the installation has to be given up.</exception>
    /// <exception cref="DiskFullException">The volume is full; the installation has to be given up.</exception>
    public void Add(ReadOnlyMemory<byte> block)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        parser.Add(block.Span);
        if (parser.IsComplete)
        {
            // What was taken in must have the digest that the sender's state has: whatever happened to it on the way, or before.
            Digests.CheckAgainst(Header);
        }

        if (batchBytes >= BatchBytes || parser.IsComplete)
        {
            engine.Write(batch);
            batch.Clear();
            batchBytes = 0;
        }
    }

    /// <summary>Makes durable what was taken in, while the old state still counts: then nothing large is left that could find no room after <see cref="Complete"/>.</summary>
    /// <exception cref="DiskFullException">The volume is full; may be tried again when there is room.</exception>
    public void Flush()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        engine.Flush();
    }

    /// <summary>Makes the new state the group's, atomically, and drops the old one.</summary>
    /// <exception cref="DiskFullException">The volume is full and the old state still the group's; may be tried again when there is room.</exception>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!IsComplete || done)
        {
            throw new InvalidOperationException($"Group {keys.Group}: a snapshot that has not all of its blocks, or was completed before, cannot be completed.");
        }

        completed(this);
        done = true;
    }

    /// <summary>Gives up, unless completed: the rows written so far go.</summary>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        parser.Dispose();
        try
        {
            if (!done)
            {
                batch.Clear();
                batch.DeleteRange(StateKeys.EpochStart(keys.Group, keys.Epoch), StateKeys.EpochStart(keys.Group, keys.Epoch + 1));
                engine.Write(batch);
            }
        }
        catch (DiskFullException)
        {
            // The rows cannot be removed now, but nothing ever reads them, and the next installation or the next start of the node drops them.
        }
        finally
        {
            batch.Dispose();
        }
    }

    void ISnapshotRows.Row(RowKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Digests.AddOfSnapshot(kind, key, value);
        batch.Put(keys.Fill(kind, key), value);
        batchBytes += key.Length + value.Length;
        if (kind == RowKind.Record && new RowView(value).ExpiryMs is > 0 and ulong expiry)
        {
            batch.Put(keys.Expiry(expiry, key), default);
        }
    }
}
