namespace Lattice.Core.Replication;

/// <summary>How the leaders of the groups are spread over the nodes.</summary>
public static class LeaderSpread
{
    /// <summary>The voter that leads a group best: group g that at place g, counted round.</summary>
    /// <param name="group">The group.</param>
    /// <param name="voters">Its voters, in order of id; at least one.</param>
    public static int Of(uint group, IReadOnlyList<int> voters)
    {
        ArgumentNullException.ThrowIfNull(voters);
        return voters[(int)(group % (uint)voters.Count)];
    }
}
