using System.Globalization;

namespace Lattice.Grains.Operations;

/// <summary>
/// Takes a node out of all groups: its leaderships move first, then each group agrees on going on without it and remembers it as removed, then it
/// stops.
/// </summary>
internal sealed class RemoveNodeOperation(OperationRequest request, ClusterEye eye, LeadershipMoves moves, MembershipChanges changes) : IOperation
{
    private static readonly TimeSpan PatienceWithElection = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan PatienceWithMoves = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PatienceWithChanges = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PatienceWithStop = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public IReadOnlyList<string> Takes => [OperationCatalog.Cluster];

    /// <inheritdoc/>
    public IReadOnlyList<OperationStep> Steps =>
    [
        new("move its leaderships", MoveAsync),
        new("remove it from all groups", RemoveAsync),
        new("forget its address", (_, cancellation) => changes.RegisterAsync(request.Node, "", PatienceWithMoves, cancellation)),
        new("stop it", StopAsync),
    ];

    /// <inheritdoc/>
    public async Task<OperationPlan> PlanAsync(CancellationToken cancellation)
    {
        ClusterPicture seen = null!;
        bool isLed = await eye.WaitForAsync(
            picture =>
            {
                seen = picture;
                return Task.FromResult(picture.Leaderless.Count == 0 && picture.Groups.Count > 0);
            },
            PatienceWithElection,
            cancellation);
        if (!isLed)
        {
            return Refused($"Group {string.Join(", ", seen.Leaderless)} has no leader, and without a majority nobody can be removed. Start the nodes that 'lattice status' shows as unreachable; if they are gone for good, 'lattice admin transfer-leadership' to a node that is left comes first. Nothing was done.");
        }

        if (seen.Groups.All(g => !IsMember(g)))
        {
            return Refused(seen.System.Members.Removed.Contains(request.Node)
                ? $"Node {request.Node} was removed already. Take it out of the configuration files; 'lattice admin add-node {request.Node} ADDRESS' takes it back."
                : $"Node {request.Node} is not a member of the cluster: 'lattice status' shows those that are. Nothing was done.");
        }

        if (Objection(seen) is not { } objection)
        {
            return OperationPlan.Go;
        }

        return request.IsForced
            ? new OperationPlan { Warning = $"{objection} You are about to remove node {request.Node} all the same.", Confirmation = string.Create(CultureInfo.InvariantCulture, $"node-{request.Node}") }
            : Refused($"{objection} Start the others first, or repeat the command with --force if you know better. Nothing was done.");
    }

    private static OperationPlan Refused(string why) => new() { Refusal = why };

    private bool IsMember(GroupPicture group) => group.Members.Voters.Contains(request.Node) || group.Members.Learners.Contains(request.Node);

    /// <summary>Why the rest could not go on; null: it can.</summary>
    private string? Objection(ClusterPicture seen)
    {
        foreach (GroupPicture group in seen.Groups)
        {
            int[] rest = [.. group.Members.Voters.Where(v => v != request.Node)];
            int[] able = [.. group.Able.Where(v => v != request.Node)];
            if (able.Length <= rest.Length / 2)
            {
                return rest.Length == 0
                    ? $"Node {request.Node} is the only one with a vote in group {group.Group}: without it the cluster and everything in it would be gone."
                    : string.Create(CultureInfo.InvariantCulture, $"Without node {request.Node}, {rest.Length} of the voters of group {group.Group} remain ({string.Join(", ", rest.Select(n => $"node {n}"))}), of which {(able.Length == 0 ? "none is" : able.Length == 1 ? $"only node {able[0]} is" : $"only nodes {string.Join(", ", able)} are")} up and can vote: that is no majority, and writes would stop.");
            }
        }

        return null;
    }

    private async Task MoveAsync(StepProgress progress, CancellationToken cancellation)
    {
        ClusterPicture seen = await eye.LookAsync();
        if (seen.Informed?.PreferredLeader == request.Node)
        {
            await moves.PreferAsync(0, PatienceWithElection, cancellation);
        }

        // One that cannot hand over in time is removed all the same: it hands over when it leaves its own group.
        await moves.MoveAsync(Heir, progress, PatienceWithMoves, cancellation);
    }

    /// <summary>Who shall lead instead: whoever has the most of the log; 0: it is led elsewhere.</summary>
    private int Heir(GroupPicture group) => group.Leader == request.Node ? group.MostAdvanced(group.Able.Where(v => v != request.Node)) : 0;

    private async Task RemoveAsync(StepProgress progress, CancellationToken cancellation)
    {
        ClusterPicture before = await eye.LookAsync();
        if (!request.IsConfirmed && Objection(before) is { } objection)
        {
            throw new OperationFailedException($"{objection} That came about after the operation had begun. Node {request.Node} is still in those groups that 'lattice status --verbose' shows it in. Repeat the command when the others are back.");
        }

        IReadOnlyList<uint> left = await changes.ChangeAsync(
            group => !IsMember(group) && group.Members.Removed.Contains(request.Node),
            (group, service) => service.ChangeMembers(group.Group, MembershipStep.Remove, request.Node, 0),
            progress,
            PatienceWithChanges,
            cancellation);
        if (left.Count > 0)
        {
            throw new OperationFailedException($"Node {request.Node} could not be removed from group {string.Join(", ", left)}: no majority agreed in time. From the others it is removed. Repeat the command when 'lattice status' shows a majority, or take it back with 'lattice admin add-node'.");
        }
    }

    private async Task StopAsync(StepProgress progress, CancellationToken cancellation)
    {
        // Told once: it takes a moment to hand over what it has, and answers meanwhile. That it was told may get lost with its connections.
        bool wasThere = (await eye.LookAsync()).Nodes.ContainsKey(request.Node);
        await eye.TellAsync(request.Node, service => service.Leave(request.Who));
        bool isGone = await eye.WaitForAsync(picture => Task.FromResult(!picture.Nodes.ContainsKey(request.Node)), PatienceWithStop, cancellation);
        progress.Report(wasThere && isGone ? "" : $"it does not {(wasThere ? "stop" : "answer")}, so stop its service if it runs");
    }
}
