using Lattice.Grains;

namespace Lattice.Silo.Status;

/// <summary>One group, put together from all its replicas that answered.</summary>
internal sealed record GroupView
{
    /// <summary>The group.</summary>
    public required uint Group { get; init; }

    /// <summary>Node that leads it; 0: none answered as its leader.</summary>
    public required int Leader { get; init; }

    /// <summary>Its voters as the best informed replica knows them; empty: not founded.</summary>
    public required IReadOnlyList<int> Voters { get; init; }

    /// <summary>Voters and learners.</summary>
    public required IReadOnlySet<int> Members { get; init; }

    /// <summary>Voters that answered and can vote.</summary>
    public required int AbleVoters { get; init; }

    /// <summary>Committed by the leader; without one, the highest commit index known.</summary>
    public required ulong Commit { get; init; }

    /// <summary>Why its leader serves nothing.</summary>
    public required GroupDoubt Doubt { get; init; }

    /// <summary>Whether a majority of the voters can vote.</summary>
    public bool HasMajority => AbleVoters > Voters.Count / 2;

    /// <summary>Puts the group together.</summary>
    public static GroupView Of(uint group, IReadOnlyList<NodeStatus> reachable)
    {
        List<(int Node, GroupStatus Replica)> replicas = [.. reachable.SelectMany(n => n.Groups.Where(g => g.Group == group).Select(g => (n.Node, g)))];

        // A deposed leader that has not heard of its successor yet has the lower term.
        (int Node, GroupStatus Replica) leader = replicas.Where(r => r.Replica.Role is "Leader").Where(r => r.Replica.Verification is not "Diverged").OrderByDescending(r => r.Replica.Term).FirstOrDefault();
        GroupStatus? informed = leader.Replica ?? replicas.Select(r => r.Replica).OrderByDescending(r => (r.Term, r.Commit)).FirstOrDefault(r => r.Voters.Count > 0);
        IReadOnlyList<int> voters = informed?.Voters ?? [];
        return new GroupView
        {
            Group = group,
            Leader = leader.Node,
            Voters = voters,
            Members = new HashSet<int>([.. voters, .. informed?.Learners ?? []]),
            AbleVoters = replicas.Count(r => voters.Contains(r.Node) && r.Replica.Role is "Leader" or "Follower" or "Candidate" or "PreCandidate" && r.Replica.Verification is not "Diverged"),
            Doubt = leader.Replica is not { Serves: false } silent ? GroupDoubt.None : silent.Verification is "Unproven" ? GroupDoubt.Unproven : GroupDoubt.Undecided,
            Commit = leader.Replica?.Commit ?? replicas.Select(r => r.Replica.Commit).DefaultIfEmpty().Max(),
        };
    }

    /// <summary>Entries that are committed and that the replica has not applied.</summary>
    public ulong LagOf(GroupStatus? replica) => Commit > (replica?.Applied ?? 0) ? Commit - (replica?.Applied ?? 0) : 0;
}

/// <summary>Why a group that has a majority and a leader answers nobody.</summary>
internal enum GroupDoubt
{
    /// <summary>It does answer.</summary>
    None,

    /// <summary>No other replica has confirmed its leader's state yet.</summary>
    Unproven,

    /// <summary>Its replicas differ, and which is right is not decided.</summary>
    Undecided,
}
