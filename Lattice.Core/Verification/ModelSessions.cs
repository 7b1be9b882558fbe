using System.Buffers.Binary;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>The client sessions of a group as the reference model has them: what each may still ask for, and which rows hold it.</summary>
internal sealed class ModelSessions(uint group, StateLimits limits)
{
    private readonly Dictionary<UInt128, ModelSession> sessions = [];

    // Those that were silent for longest first.
    private readonly LinkedList<ModelSession> bySilence = new();

    /// <summary>Reads the stored sessions.</summary>
    /// <exception cref="StateDivergenceException">They are not those that were written.</exception>
    public void Load(RecordStore store)
    {
        CheckStored(store);
        using IStateCursor cursor = store.Engine.Cursor(store.Keys.Start(RowKind.Session), store.Keys.End(RowKind.Session));
        while (cursor.Next())
        {
            byte[] key = cursor.Key[StateKeys.PrefixSize..].ToArray();
            UInt128 client = BinaryPrimitives.ReadUInt128BigEndian(key);
            if (!sessions.TryGetValue(client, out ModelSession? session))
            {
                sessions.Add(client, session = new ModelSession(client));
            }

            session.LoadRow(key, cursor.Value, RowHash.Of(group, RowKind.Session, key, cursor.Value));
        }

        foreach (ModelSession session in sessions.Values.OrderBy(s => s.LastRowPlace))
        {
            session.Place = bySilence.AddLast(session);
        }
    }

    /// <summary>What was damaged since the state machine read it must not be what the model goes by.</summary>
    private void CheckStored(RecordStore store)
    {
        var digests = new DigestTable(group);
        digests.Load(store.Engine, store.Keys);
        UInt128 sum = default;
        using IStateCursor cursor = store.Engine.Cursor(store.Keys.Start(RowKind.Session), store.Keys.End(RowKind.Session));
        while (cursor.Next())
        {
            sum += RowHash.Of(group, RowKind.Session, cursor.Key[StateKeys.PrefixSize..], cursor.Value);
        }

        if (sum != digests.Sums[DigestTable.SessionBucket])
        {
            throw new StateDivergenceException(new Divergence
            {
                Kind = DivergenceKind.StoredDigest,
                Phase = DivergencePhase.Apply,
                Group = group,
                Message = $"The client sessions of group {group} in the state are not those that were written.",
                Buckets = [new DivergentBucket(DigestTable.SessionBucket)],
                Checks = new DivergenceChecks { StoredDigestAgreesWithRows = false },
            });
        }
    }

    /// <summary>Begins a batch of a client; null: there are too many sessions.</summary>
    public ModelSession? Begin(UInt128 client, ulong lowest)
    {
        if (sessions.TryGetValue(client, out ModelSession? session))
        {
            bySilence.Remove(session.Place!);
        }
        else if (sessions.Count < limits.MaxSessions)
        {
            sessions.Add(client, session = new ModelSession(client));
        }
        else
        {
            return null;
        }

        session.Place = bySilence.AddLast(session);
        session.BeginRow(lowest);
        return session;
    }

    /// <summary>Ends a batch: what it remembered is one row; rows that hold nothing any more go. Returns what that does to the digest.</summary>
    public UInt128 End(ModelSession session, ulong clockMs, ulong index, int number) => session.EndRow(group, clockMs, index, number);

    /// <summary>Forgets sessions that were silent for too long. Returns what that does to the digest.</summary>
    public UInt128 RemoveExpired(ulong clockMs)
    {
        UInt128 difference = default;
        for (int i = 0; i < limits.MaxSessionExpiriesPerEntry && bySilence.First is { Value: { } session }; i++)
        {
            if (clockMs - session.LastSeenMs < limits.SessionTimeoutMs)
            {
                break;
            }

            bySilence.RemoveFirst();
            sessions.Remove(session.Client);
            difference -= session.HashOfRows;
        }

        return difference;
    }
}

/// <summary>One client's session.</summary>
internal sealed class ModelSession(UInt128 client)
{
    private const int RowHeaderSize = 8 + 8 + 4;
    private const int ResultHeaderSize = 8 + 4;

    private readonly List<Row> rows = [];
    private readonly Dictionary<ulong, ModelResult> results = [];
    private List<(ulong Sequence, ModelResult Result)> begun = [];

    // A row without results is needed for nothing but what it says of the session.
    private sealed record Row(ulong[] Sequences, int Length, UInt128 Hash)
    {
        public ulong? Highest { get; } = Sequences.Length == 0 ? null : Sequences.Max();
    }

    public UInt128 Client => client;

    /// <summary>Sequences below are forgotten.</summary>
    public ulong Lowest { get; private set; }

    public ulong LastSeenMs { get; private set; }

    /// <summary>Where the newest row stands among all rows: index of its entry, number of its batch.</summary>
    public (ulong Index, uint Batch) LastRowPlace { get; private set; }

    public LinkedListNode<ModelSession>? Place { get; set; }

    /// <summary>Results that may still be asked for.</summary>
    public int Count => results.Count;

    /// <summary>Bytes of the rows that hold any of them.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of the row of the batch under way.</summary>
    public int RowLength { get; private set; }

    public UInt128 HashOfRows
    {
        get
        {
            UInt128 sum = default;
            foreach (Row row in rows)
            {
                sum += row.Hash;
            }

            return sum;
        }
    }

    public ModelResult? Find(ulong sequence) => results.TryGetValue(sequence, out ModelResult result) ? result with { Bytes = default } : null;

    public void BeginRow(ulong lowest)
    {
        Forget(lowest);
        begun = [];
        RowLength = RowHeaderSize;
    }

    public void Remember(ulong sequence, ModelResult result)
    {
        begun.Add((sequence, result));
        results.Add(sequence, result with { Bytes = default });
        RowLength += ResultHeaderSize + result.Length;
    }

    public UInt128 EndRow(uint group, ulong clockMs, ulong index, int number)
    {
        byte[] content = new byte[RowLength];
        BinaryPrimitives.WriteUInt64LittleEndian(content, clockMs);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(8), Lowest);
        BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(16), begun.Count);
        int position = RowHeaderSize;
        foreach ((ulong sequence, ModelResult result) in begun)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(position), sequence);
            BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(position + 8), result.Length);
            result.Bytes.Span.CopyTo(content.AsSpan(position + ResultHeaderSize));
            position += ResultHeaderSize + result.Length;
        }

        byte[] key = new byte[16 + 8 + 4];
        BinaryPrimitives.WriteUInt128BigEndian(key, client);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(16), index);
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(24), number);
        UInt128 hash = RowHash.Of(group, RowKind.Session, key, content);
        rows.Add(new Row([.. begun.Select(b => b.Sequence)], content.Length, hash));
        begun = [];
        LastSeenMs = clockMs;
        UInt128 difference = hash - RemoveRowsWithoutPurpose();
        CountBytes();
        return difference;
    }

    public void LoadRow(byte[] key, ReadOnlySpan<byte> content, UInt128 hash)
    {
        LastSeenMs = BinaryPrimitives.ReadUInt64LittleEndian(content);
        ulong lowest = BinaryPrimitives.ReadUInt64LittleEndian(content[8..]);
        LastRowPlace = (BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(16)), BinaryPrimitives.ReadUInt32BigEndian(key.AsSpan(24)));
        var sequences = new List<ulong>();
        ReadOnlySpan<byte> rest = content[RowHeaderSize..];
        while (!rest.IsEmpty)
        {
            ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(rest);
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest[8..]);
            sequences.Add(sequence);
            results.Add(sequence, ModelResult.Remembered(rest.Slice(ResultHeaderSize, length)));
            rest = rest[(ResultHeaderSize + length)..];
        }

        rows.Add(new Row([.. sequences], content.Length, hash));
        Forget(lowest);
    }

    private void Forget(ulong lowest)
    {
        if (lowest > Lowest)
        {
            Lowest = lowest;
            foreach (Row row in rows)
            {
                foreach (ulong sequence in row.Sequences)
                {
                    if (sequence < lowest)
                    {
                        results.Remove(sequence);
                    }
                }
            }
        }

        CountBytes();
    }

    private bool IsNeeded(Row row) => row.Highest >= Lowest;

    private void CountBytes()
    {
        Bytes = 0;
        foreach (Row row in rows)
        {
            Bytes += IsNeeded(row) ? row.Length : 0;
        }
    }

    /// <summary>Every row but the newest that holds nothing to be asked for goes. Returns the sum of their hashes.</summary>
    private UInt128 RemoveRowsWithoutPurpose()
    {
        UInt128 removed = default;
        Row newest = rows[^1];
        rows.RemoveAll(row =>
        {
            bool goes = !ReferenceEquals(row, newest) && !IsNeeded(row);
            removed += goes ? row.Hash : 0;
            return goes;
        });
        return removed;
    }
}
