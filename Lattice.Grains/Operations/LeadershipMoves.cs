namespace Lattice.Grains.Operations;

/// <summary>Moves leaderships and waits until they have moved.</summary>
internal sealed class LeadershipMoves(ClusterEye eye, TimeProvider time)
{
    // A transfer that did not come about within an election timeout is given up by its leader, and asked for again.
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(600);

    /// <summary>Has each group led by the node that is wanted for it.</summary>
    /// <param name="wanted">The node for a group; 0: any.</param>
    /// <param name="progress">Where to tell how far it is.</param>
    /// <param name="within">How long it may take.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Groups that are led by another node still.</returns>
    public async Task<IReadOnlyList<uint>> MoveAsync(Func<GroupPicture, int> wanted, StepProgress progress, TimeSpan within, CancellationToken cancellation)
    {
        var asked = new Dictionary<uint, long>();
        IReadOnlyList<uint> left = [];
        await eye.WaitForAsync(
            async picture =>
            {
                List<GroupPicture> elsewhere = [.. picture.Groups.Where(g => wanted(g) is not 0 and var node && g.Leader != node)];
                left = [.. elsewhere.Select(g => g.Group)];
                progress.Report(elsewhere.Count == 0 ? "" : $"waiting for group {string.Join(", ", left)}", picture.Groups.Count - elsewhere.Count, picture.Groups.Count);
                foreach (GroupPicture group in elsewhere.Where(g => g.Leader != 0 && IsDue(asked, g.Group)))
                {
                    asked[group.Group] = time.GetTimestamp();
                    await eye.TellAsync(group.Leader, service => service.TransferLeadership(group.Group, wanted(group)));
                }

                return elsewhere.Count == 0;
            },
            within,
            cancellation);
        return left;
    }

    /// <summary>Writes down which node shall lead all groups; 0: they are spread.</summary>
    /// <exception cref="OperationFailedException">It was not agreed.</exception>
    public async Task PreferAsync(int node, TimeSpan within, CancellationToken cancellation)
    {
        bool isAgreed = await eye.WaitForAsync(
            async picture =>
            {
                bool agreed = false;
                return picture.System.Leader != 0 && await eye.TellAsync(picture.System.Leader, async service => agreed = await service.PreferLeader(node)) && agreed;
            },
            within,
            cancellation);
        if (!isAgreed)
        {
            throw new OperationFailedException("The system group did not agree on who shall lead: it has no majority at present. 'lattice status' shows which nodes are missing. No leadership was moved; repeat the command when they are back.");
        }
    }

    private bool IsDue(Dictionary<uint, long> asked, uint group) => !asked.TryGetValue(group, out long last) || time.GetElapsedTime(last) >= AskAgain;
}
