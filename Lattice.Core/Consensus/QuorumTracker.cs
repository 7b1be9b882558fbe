using System.Collections.Immutable;

namespace Lattice.Core.Consensus;

/// <summary>Where a vote stands.</summary>
internal enum VoteResult
{
    Open,
    Won,
    Lost,
}

/// <summary>
/// What the majorities of a configuration agree on. A joint configuration decides only what a majority of each half decides
/// (dissertation, 4.3), so no two configurations that follow each other can decide differently.
/// </summary>
internal sealed class QuorumTracker
{
    // Sorting happens on the stack up to here; larger groups are legal but rent nothing and simply allocate.
    private const int StackLimit = 32;

    private readonly int[] voters;
    private readonly int[] outgoing;

    public QuorumTracker(IEnumerable<int> voters, IEnumerable<int> outgoing)
    {
        this.voters = [.. voters];
        this.outgoing = [.. outgoing];
    }

    public static QuorumTracker Of(Configuration configuration) => new(configuration.Voters, configuration.OutgoingVoters);

    /// <summary>Every node whose vote is asked, each once.</summary>
    public ImmutableSortedSet<int> Everyone => [.. voters, .. outgoing];

    /// <summary>The highest number that a majority has reached, as <paramref name="reached"/> tells for each voter; 0 without voters.</summary>
    public ulong Agreed(Func<int, ulong> reached)
    {
        ulong incoming = Agreed(voters, reached);
        return outgoing.Length == 0 ? incoming : Math.Min(incoming, Agreed(outgoing, reached));
    }

    /// <summary>Result of a vote; <paramref name="vote"/> is null for a voter that has not answered.</summary>
    public VoteResult Count(Func<int, bool?> vote)
    {
        VoteResult incoming = Count(voters, vote);
        if (outgoing.Length == 0)
        {
            return incoming;
        }

        VoteResult old = Count(outgoing, vote);
        if (incoming == old)
        {
            return incoming;
        }

        return incoming == VoteResult.Lost || old == VoteResult.Lost ? VoteResult.Lost : VoteResult.Open;
    }

    private static ulong Agreed(int[] half, Func<int, ulong> reached)
    {
        if (half.Length == 0)
        {
            return 0;
        }

        Span<ulong> values = half.Length <= StackLimit ? stackalloc ulong[half.Length] : new ulong[half.Length];
        for (int i = 0; i < half.Length; i++)
        {
            values[i] = reached(half[i]);
        }

        values.Sort();

        // With n values in ascending order, the majority of n/2 + 1 highest ones begins here.
        return values[(half.Length - 1) / 2];
    }

    private static VoteResult Count(int[] half, Func<int, bool?> vote)
    {
        int granted = 0;
        int open = 0;
        foreach (int voter in half)
        {
            bool? answer = vote(voter);
            granted += answer == true ? 1 : 0;
            open += answer is null ? 1 : 0;
        }

        int needed = (half.Length / 2) + 1;
        if (granted >= needed && half.Length > 0)
        {
            return VoteResult.Won;
        }

        return granted + open >= needed && half.Length > 0 ? VoteResult.Open : VoteResult.Lost;
    }
}
