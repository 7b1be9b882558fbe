namespace Lattice.Core.Consensus;

/// <summary>A read that waits for its read index.</summary>
/// <param name="Origin">Node that asked; it may be the leader itself.</param>
/// <param name="Context">The asker's number.</param>
/// <param name="Nonce">Tells the asker's lives apart, so that an answer to an earlier one is not taken for its own.</param>
internal readonly record struct PendingRead(int Origin, ulong Context, ulong Nonce);

/// <summary>
/// A leader's reads (dissertation, 6.4). All reads that wait share the next heartbeat round; once a majority has answered that round or
/// a later one, no newer leader had been elected when the round began, so the commit index of that moment covers every
/// write acknowledged before the reads arrived.
/// </summary>
internal sealed class ReadIndexQueue(int capacity)
{
    private readonly Queue<(ulong Round, ulong Index, List<PendingRead> Reads)> rounds = new();
    private List<PendingRead> waiting = [];
    private int count;

    /// <summary>Whether reads wait for a round.</summary>
    public bool HasWaiting => waiting.Count > 0;

    public bool TryAdd(PendingRead read)
    {
        if (count >= capacity)
        {
            return false;
        }

        waiting.Add(read);
        count++;
        return true;
    }

    /// <summary>The waiting reads get the read index <paramref name="index"/>, to be confirmed by heartbeat round <paramref name="round"/>.</summary>
    public void Begin(ulong round, ulong index)
    {
        rounds.Enqueue((round, index, waiting));
        waiting = [];
    }

    /// <summary>Takes out the next batch of reads confirmed by <paramref name="round"/>; null when there is none.</summary>
    public List<PendingRead>? Confirmed(ulong round, out ulong index)
    {
        if (!rounds.TryPeek(out (ulong Round, ulong Index, List<PendingRead> Reads) first) || first.Round > round)
        {
            index = 0;
            return null;
        }

        rounds.Dequeue();
        count -= first.Reads.Count;
        index = first.Index;
        return first.Reads;
    }

    /// <summary>Takes out everything: leadership is lost.</summary>
    public List<PendingRead> Clear()
    {
        var all = new List<PendingRead>(count);
        while (rounds.TryDequeue(out (ulong Round, ulong Index, List<PendingRead> Reads) round))
        {
            all.AddRange(round.Reads);
        }

        all.AddRange(waiting);
        waiting = [];
        count = 0;
        return all;
    }
}
