using System.Buffers.Binary;
using Lattice.Core.Verification;

namespace Lattice.Core.State;

/// <summary>
/// The sessions of a group (exactly-once execution, Raft dissertation 6.3). Replicated state: everything here follows
/// from the entries applied, and loading it from the engine gives the same table. Changes are made in memory as commands are
/// executed, and staged for the engine's batch.
/// </summary>
internal sealed class SessionTable(StateLimits limits, RecordStore store, DigestTable digests)
{
    internal const int KeySize = 16 + 8 + 4;

    private readonly Dictionary<UInt128, Session> sessions = [];
    private readonly LinkedList<Session> order = new();
    private readonly List<(byte[] Key, byte[]? Value)> staged = [];
    private readonly List<ResultRow> uncommitted = [];
    private readonly List<ResultRow> removedRows = [];
    private readonly List<ulong> batchSequences = [];
    private readonly WireWriter rowWriter = new(1024);
    private ResultRow? current;

    public int Count => sessions.Count;

    /// <summary>Reads the table from the engine.</summary>
    public void Load()
    {
        var last = new List<(ReadOnlyMemory<byte> Order, Session Session)>();
        using IStateCursor cursor = store.Engine.Cursor(store.Keys.Start(RowKind.Session), store.Keys.End(RowKind.Session));
        Session? session = null;
        while (cursor.Next())
        {
            byte[] key = cursor.Key[StateKeys.PrefixSize..].ToArray();
            UInt128 client = key.Length == KeySize ? BinaryPrimitives.ReadUInt128BigEndian(key) : throw Damaged();
            if (session is null || session.Client != client)
            {
                session = new Session(client);
                sessions.Add(client, session);
                last.Add((key.AsMemory(16), session));
            }

            last[^1] = (key.AsMemory(16), session);
            LoadRow(session, new ResultRow(key), cursor.Value);
        }

        CheckDigest();

        // In the order in which they sent their last batches, which is the order in which they will be forgotten.
        last.Sort((a, b) => a.Order.Span.SequenceCompareTo(b.Order.Span));
        foreach ((_, Session loaded) in last)
        {
            loaded.RemoveEmptyRows(removedRows);
            loaded.Place = order.AddLast(loaded);
        }

        removedRows.Clear();
    }

    /// <summary>Begins a batch of a session. Null: there are too many sessions.</summary>
    public Session? BeginBatch(UInt128 client, ulong lowest, ulong index, int ordinal)
    {
        if (!sessions.TryGetValue(client, out Session? session))
        {
            if (sessions.Count >= limits.MaxSessions)
            {
                return null;
            }

            session = new Session(client);
            session.Place = order.AddLast(session);
            sessions.Add(client, session);
        }
        else
        {
            order.Remove(session.Place!);
            order.AddLast(session.Place!);
        }

        session.Forget(lowest);
        byte[] key = new byte[KeySize];
        BinaryPrimitives.WriteUInt128BigEndian(key, client);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(16), index);
        BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(24), (uint)ordinal);
        current = new ResultRow(key);
        rowWriter.Clear();
        rowWriter.U64(0);
        rowWriter.U64(0);
        rowWriter.U32(0);
        batchSequences.Clear();
        return session;
    }

    /// <summary>Whether the session may have one more result remembered.</summary>
    public bool HasRoom(Session session) =>
        session.Outstanding < limits.MaxOutstandingPerSession && session.Bytes + rowWriter.Length < limits.MaxSessionResultBytes;

    /// <summary>Remembers a result of the batch under way.</summary>
    public void Remember(Session session, ulong sequence, ReadOnlySpan<byte> result)
    {
        rowWriter.U64(sequence);
        rowWriter.U32((uint)result.Length);
        session.Remember(sequence, current!, rowWriter.Length, result.Length);
        rowWriter.Raw(result);
        batchSequences.Add(sequence);
    }

    /// <summary>A remembered result.</summary>
    public ReadOnlySpan<byte> Recall(RememberedResult result)
    {
        if (ReferenceEquals(result.Row, current))
        {
            return rowWriter.Written.Slice(result.Offset, result.Length);
        }

        ResultRow row = result.Row;
        byte[] value = row.Value ?? store.Engine.Get(store.Keys.Fill(RowKind.Session, row.Key)) ?? throw Damaged();
        return HashOf(row.Key, value) == row.Hash ? value.AsSpan(result.Offset, result.Length) : throw Damaged();
    }

    /// <summary>Ends the batch: its results become a row, and the rows that hold nothing any more go.</summary>
    public void EndBatch(Session session, ulong clockMs)
    {
        ResultRow row = current!;
        current = null;
        byte[] value = rowWriter.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(value, clockMs);
        BinaryPrimitives.WriteUInt64LittleEndian(value.AsSpan(8), session.Lowest);
        BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(16), (uint)batchSequences.Count);
        row.Value = value;
        row.Hash = HashOf(row.Key, value);
        digests.Replace(DigestTable.SessionBucket, default, row.Hash);
        row.Length = value.Length;
        row.Sequences = [.. batchSequences];
        row.Remaining = batchSequences.Count;
        foreach (ulong sequence in row.Sequences)
        {
            row.LowestSequence = Math.Min(row.LowestSequence, sequence);
        }

        session.AddRow(row, clockMs);
        uncommitted.Add(row);
        staged.Add((row.Key, value));
        session.RemoveEmptyRows(removedRows);
        StageRemoved();
    }

    /// <summary>Forgets sessions that have been silent for too long.</summary>
    public void Expire(ulong clockMs)
    {
        for (int i = 0; i < limits.MaxSessionExpiriesPerEntry && order.First is { Value: { } session }; i++)
        {
            if (clockMs - session.LastSeenMs < limits.SessionTimeoutMs)
            {
                return;
            }

            order.RemoveFirst();
            sessions.Remove(session.Client);
            removedRows.AddRange(session.Rows);
            StageRemoved();
        }
    }

    /// <summary>Puts what was staged into a batch of the engine.</summary>
    public void WriteTo(StateBatch batch)
    {
        foreach ((byte[] key, byte[]? value) in staged)
        {
            if (value is null)
            {
                batch.Delete(store.Keys.Fill(RowKind.Session, key));
            }
            else
            {
                batch.Put(store.Keys.Fill(RowKind.Session, key), value);
            }
        }
    }

    /// <summary>The batch is in the engine: nothing is staged any more.</summary>
    public void Committed()
    {
        foreach (ResultRow row in uncommitted)
        {
            row.Value = null;
        }

        uncommitted.Clear();
        staged.Clear();
    }

    private void StageRemoved()
    {
        foreach (ResultRow row in removedRows)
        {
            staged.Add((row.Key, null));
            digests.Replace(DigestTable.SessionBucket, row.Hash, default);
        }

        removedRows.Clear();
    }

    private void LoadRow(Session session, ResultRow row, ReadOnlySpan<byte> value)
    {
        var reader = new WireReader(value);
        ulong lastSeen = reader.U64();
        ulong lowest = reader.U64();
        uint count = reader.U32();
        if (reader.Failed || count > (uint)reader.Remaining / 12)
        {
            throw Damaged();
        }

        row.Hash = HashOf(row.Key, value);
        row.Length = value.Length;
        row.Sequences = new ulong[count];
        row.Remaining = row.Sequences.Length;
        for (int i = 0; i < row.Sequences.Length; i++)
        {
            ulong sequence = reader.U64();
            uint length = reader.U32();
            int offset = reader.Position;
            reader.Raw((int)length);
            if (reader.Failed || session.TryFind(sequence, out _))
            {
                throw Damaged();
            }

            row.Sequences[i] = sequence;
            row.LowestSequence = Math.Min(row.LowestSequence, sequence);
            session.Remember(sequence, row, offset, (int)length);
        }

        session.AddRow(row, lastSeen);

        // Rows come in the order in which they were written, so the last one's word on what is forgotten counts.
        session.Forget(lowest);
    }

    private void CheckDigest()
    {
        UInt128 sum = default;
        foreach (Session session in sessions.Values)
        {
            foreach (ResultRow row in session.Rows)
            {
                sum += row.Hash;
            }
        }

        if (sum != digests.Sums[DigestTable.SessionBucket])
        {
            throw Damaged();
        }
    }

    private UInt128 HashOf(byte[] key, ReadOnlySpan<byte> value) => RowHash.Of(store.Keys.Group, RowKind.Session, key, value);

    private StateDivergenceException Damaged() => new(new Divergence
    {
        Kind = DivergenceKind.StoredDigest,
        Phase = DivergencePhase.Boot,
        Group = store.Keys.Group,
        Message = $"The client sessions of group {store.Keys.Group} in the state are not those that were written.",
        Buckets = [new DivergentBucket(DigestTable.SessionBucket)],
    });
}
