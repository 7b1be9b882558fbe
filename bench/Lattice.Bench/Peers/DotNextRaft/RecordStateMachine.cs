using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>The records in memory, as the log says they are.</summary>
internal sealed class RecordStateMachine(DirectoryInfo snapshots) : SimpleStateMachine(snapshots)
{
    // Redis' rule for its log, with Redis' numbers: a snapshot is due when the log has grown by as much as the state holds.
    private const long LeastLogBytes = 64 << 20;
    private const int RestoreBufferBytes = 1 << 20;

    // Bytes are the characters of Latin-1, so that keys of any bytes stay different.
    private readonly ConcurrentDictionary<string, byte[]> records = new(StringComparer.Ordinal);
    private long stateBytes;
    private long logBytes;

    /// <summary>The value of a key.</summary>
    public byte[]? Read(ReadOnlySpan<byte> key) => records.GetValueOrDefault(Encoding.Latin1.GetString(key));

    /// <inheritdoc/>
    protected override ValueTask<bool> ApplyAsync(LogEntry entry, CancellationToken token)
    {
        if (!entry.TryGetPayload(out ReadOnlySequence<byte> record) || record.IsEmpty)
        {
            return new(false);
        }

        Set(record);
        logBytes += record.Length;
        if (logBytes < Math.Max(LeastLogBytes, stateBytes))
        {
            return new(false);
        }

        logBytes = 0;
        return new(true);
    }

    /// <inheritdoc/>
    protected override async ValueTask PersistAsync(IAsyncBinaryWriter writer, CancellationToken token)
    {
        // Nothing is applied meanwhile: the library waits for the snapshot before it applies the next entry.
        byte[] length = new byte[sizeof(int)];
        foreach ((string key, byte[] value) in records)
        {
            byte[] record = RecordFormat.Write(Encoding.Latin1.GetBytes(key), value);
            BinaryPrimitives.WriteInt32LittleEndian(length, record.Length);
            await writer.Invoke(length, token).ConfigureAwait(false);
            await writer.Invoke(record, token).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask RestoreAsync(FileInfo snapshotFile, CancellationToken token)
    {
        records.Clear();
        (stateBytes, logBytes) = (0, 0);
        var file = new FileStream(snapshotFile.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, RestoreBufferBytes);
        await using (file.ConfigureAwait(false))
        {
            byte[] length = new byte[sizeof(int)];
            while (file.Position < file.Length)
            {
                await file.ReadExactlyAsync(length, token).ConfigureAwait(false);
                byte[] record = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
                await file.ReadExactlyAsync(record, token).ConfigureAwait(false);
                Set(new ReadOnlySequence<byte>(record));
            }
        }
    }

    private void Set(in ReadOnlySequence<byte> record)
    {
        (byte[] key, byte[] value) = RecordFormat.Read(record);
        string name = Encoding.Latin1.GetString(key);
        stateBytes += records.TryGetValue(name, out byte[]? old) ? value.Length - old.Length : record.Length;
        records[name] = value;
    }
}
