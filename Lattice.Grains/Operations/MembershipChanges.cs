namespace Lattice.Grains.Operations;

/// <summary>Changes the members of groups and waits until it is so.</summary>
internal sealed class MembershipChanges(ClusterEye eye, TimeProvider time)
{
    // One change at a time is agreed in a group; what was refused or got lost is asked for again.
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>Asks the leader of each group that is not as wanted for a change, until all are.</summary>
    /// <param name="isWanted">Whether a group is as wanted.</param>
    /// <param name="ask">Asks the leader for the change.</param>
    /// <param name="progress">Where to tell how far it is.</param>
    /// <param name="within">How long it may take.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Groups that are not as wanted.</returns>
    public async Task<IReadOnlyList<uint>> ChangeAsync(Func<GroupPicture, bool> isWanted, Func<GroupPicture, IOperatorService, ValueTask> ask, StepProgress progress, TimeSpan within, CancellationToken cancellation)
    {
        var asked = new Dictionary<uint, long>();
        IReadOnlyList<uint> left = [];
        await eye.WaitForAsync(
            async picture =>
            {
                // The system group last: it says who belongs to the cluster, so what is broken off half-way shows there.
                List<GroupPicture> open = [.. picture.Groups.Where(g => g.Leader == 0 || g.Members.IsJoint || !isWanted(g)).OrderByDescending(g => g.Group)];
                left = [.. open.Select(g => g.Group)];
                progress.Report(open.Count == 0 ? "" : $"waiting for group {string.Join(", ", left.Order())}", picture.Groups.Count - open.Count, picture.Groups.Count);
                foreach (GroupPicture group in open.Where(g => g.Leader != 0 && !g.Members.IsJoint && (g.Group != 0 || open.Count == 1) && IsDue(asked, g.Group)))
                {
                    asked[group.Group] = time.GetTimestamp();
                    await eye.TellAsync(group.Leader, service => ask(group, service));
                }

                return open.Count == 0 && picture.Nodes.Count > 0;
            },
            within,
            cancellation);
        return left;
    }

    /// <summary>Writes a node and its address down, or forgets it when that is empty.</summary>
    /// <exception cref="OperationFailedException">It was not agreed.</exception>
    public async Task RegisterAsync(int node, string address, TimeSpan within, CancellationToken cancellation)
    {
        bool isAgreed = await eye.WaitForAsync(
            async picture =>
            {
                if (picture.System.Leader == 0)
                {
                    return false;
                }

                string known = picture.Nodes[picture.System.Leader].Registered.TryGetValue(node, out string? registered) ? registered : "";
                if (known != address)
                {
                    await eye.TellAsync(picture.System.Leader, async service => await service.Register(node, address));
                }

                return known == address;
            },
            within,
            cancellation);
        if (!isAgreed)
        {
            throw new OperationFailedException("The system group did not agree: it has no majority at present. 'lattice status' shows which nodes are missing. Repeat the command when they are back.");
        }
    }

    private bool IsDue(Dictionary<uint, long> asked, uint group) => !asked.TryGetValue(group, out long last) || time.GetElapsedTime(last) >= AskAgain;
}
