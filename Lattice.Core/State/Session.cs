namespace Lattice.Core.State;

/// <summary>
/// What a group remembers of a client: which results it may still ask for, and what it said it does not wait for any
/// longer. The results themselves lie in the engine, one row for each batch; here is only where.
/// </summary>
internal sealed class Session(UInt128 client)
{
    private readonly Dictionary<ulong, RememberedResult> results = [];
    private readonly List<ResultRow> rows = [];

    public UInt128 Client => client;

    /// <summary>Sequences below are forgotten.</summary>
    public ulong Lowest { get; private set; }

    /// <summary>The state's clock at the last batch.</summary>
    public ulong LastSeenMs { get; private set; }

    /// <summary>Results remembered.</summary>
    public int Outstanding => results.Count;

    /// <summary>Bytes of the rows that hold any.</summary>
    public long Bytes { get; private set; }

    /// <summary>Place among the sessions, the one that was silent for longest first.</summary>
    public LinkedListNode<Session>? Place { get; set; }

    /// <summary>Rows in the engine, oldest first; the last one is never without purpose: it holds clock and lowest sequence.</summary>
    public IReadOnlyList<ResultRow> Rows => rows;

    public bool TryFind(ulong sequence, out RememberedResult result) => results.TryGetValue(sequence, out result);

    /// <summary>Forgets the results below a sequence; their rows stay listed until <see cref="RemoveEmptyRows"/>.</summary>
    public void Forget(ulong lowest)
    {
        if (lowest <= Lowest)
        {
            return;
        }

        Lowest = lowest;
        foreach (ResultRow row in rows)
        {
            if (row.Remaining == 0 || row.LowestSequence >= lowest)
            {
                continue;
            }

            foreach (ulong sequence in row.Sequences)
            {
                if (sequence < lowest && results.Remove(sequence))
                {
                    row.Remaining--;
                }
            }

            Bytes -= row.Remaining == 0 ? row.Length : 0;
        }
    }

    public void Remember(ulong sequence, ResultRow row, int offset, int length) => results.Add(sequence, new RememberedResult(row, offset, length));

    /// <summary>Adds the row of the last batch.</summary>
    public void AddRow(ResultRow row, ulong lastSeenMs)
    {
        rows.Add(row);
        LastSeenMs = lastSeenMs;
        Bytes += row.Remaining > 0 ? row.Length : 0;
    }

    /// <summary>Drops all rows but the last one that hold nothing any more.</summary>
    public void RemoveEmptyRows(List<ResultRow> removed)
    {
        int kept = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            ResultRow row = rows[i];
            if (row.Remaining > 0 || i == rows.Count - 1)
            {
                rows[kept++] = row;
            }
            else
            {
                removed.Add(row);
            }
        }

        rows.RemoveRange(kept, rows.Count - kept);
    }
}

/// <summary>Where a remembered result lies.</summary>
/// <param name="Row">The row of its batch.</param>
/// <param name="Offset">Offset in the row's value.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct RememberedResult(ResultRow Row, int Offset, int Length);

/// <summary>A row of results: those of one batch of a session.</summary>
internal sealed class ResultRow(byte[] key)
{
    /// <summary>Client, index of the entry, number of the batch in it.</summary>
    public byte[] Key => key;

    /// <summary>The row's value while it is not in the engine yet.</summary>
    public byte[]? Value { get; set; }

    /// <summary>Hash of the row.</summary>
    public UInt128 Hash { get; set; }

    /// <summary>Length of the value.</summary>
    public int Length { get; set; }

    /// <summary>Sequences whose results it holds.</summary>
    public ulong[] Sequences { get; set; } = [];

    public ulong LowestSequence { get; set; } = ulong.MaxValue;

    /// <summary>How many of them are still remembered.</summary>
    public int Remaining { get; set; }
}
