using System.Globalization;

namespace Lattice.Grains.Operations;

/// <summary>
/// Brings a node into all groups: the cluster remembers it, it is taken in without a vote, brought up to date, and gets a vote. It need not stand in
/// the members' configuration files; its own has to name the cluster.
/// </summary>
internal sealed class AddNodeOperation(OperationRequest request, ClusterEye eye, MembershipChanges changes) : IOperation
{
    private static readonly TimeSpan PatienceWithElection = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan PatienceWithChanges = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PatienceWithStart = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PatienceWithCatchUp = TimeSpan.FromHours(24);

    /// <inheritdoc/>
    public IReadOnlyList<string> Takes => [OperationCatalog.Cluster];

    /// <inheritdoc/>
    public IReadOnlyList<OperationStep> Steps =>
    [
        new("remember its address", (_, cancellation) => changes.RegisterAsync(request.Node, request.Address, PatienceWithChanges, cancellation)),
        new("let it come back if it was removed", ReadmitAsync),
        new("wait for it to start", WaitForStartAsync),
        new("take it into all groups", TakeInAsync),
        new("bring it up to date", CatchUpAsync),
    ];

    /// <inheritdoc/>
    public async Task<OperationPlan> PlanAsync(CancellationToken cancellation)
    {
        ClusterPicture seen = null!;
        bool isLed = await eye.WaitForAsync(
            picture =>
            {
                seen = picture;
                return Task.FromResult(picture.Leaderless.Count == 0);
            },
            PatienceWithElection,
            cancellation);
        if (!isLed)
        {
            return new OperationPlan { Refusal = $"Group {string.Join(", ", seen.Leaderless)} has no leader, and without a majority nobody can be added: 'lattice status' shows which nodes are missing. Nothing was done." };
        }

        if (seen.Groups.All(g => g.Members.Voters.Contains(request.Node)))
        {
            return new OperationPlan { Refusal = $"Node {request.Node} is a member of all groups already. Nothing was done." };
        }

        return seen.Informed!.Registered.FirstOrDefault(r => r.Value == request.Address && r.Key != request.Node) is { Key: not 0 and var other }
            ? new OperationPlan { Refusal = $"The address {request.Address} is that of node {other}. Nothing was done." }
            : OperationPlan.Go;
    }

    private async Task ReadmitAsync(StepProgress progress, CancellationToken cancellation)
    {
        IReadOnlyList<uint> left = await changes.ChangeAsync(
            group => !group.Members.Removed.Contains(request.Node),
            (group, service) => service.ChangeMembers(group.Group, MembershipStep.Readmit, request.Node, 0),
            progress,
            PatienceWithChanges,
            cancellation);
        Require(left, "may not come back to");
    }

    private async Task WaitForStartAsync(StepProgress progress, CancellationToken cancellation)
    {
        progress.Report(string.Create(CultureInfo.InvariantCulture, $"start it now, with a configuration whose peers name node {request.Node} at {request.Address}"));
        if (!await eye.WaitForAsync(picture => Task.FromResult(picture.Nodes.ContainsKey(request.Node)), PatienceWithStart, cancellation))
        {
            throw new OperationFailedException($"Node {request.Node} did not start within {PatienceWithStart.TotalMinutes:0} min. The cluster remembers it and takes it in when it starts; 'lattice admin remove-node {request.Node}' takes that back.");
        }

        progress.Report("");
    }

    private async Task TakeInAsync(StepProgress progress, CancellationToken cancellation)
    {
        ulong incarnation = 0;
        bool isKnown = await eye.WaitForAsync(
            picture =>
            {
                incarnation = picture.Nodes.GetValueOrDefault(request.Node)?.Incarnation ?? 0;
                return Task.FromResult(incarnation != 0);
            },
            PatienceWithChanges,
            cancellation);
        IReadOnlyList<uint> left = isKnown
            ? await changes.ChangeAsync(
                group => group.Members.Voters.Contains(request.Node) || group.Members.Learners.Contains(request.Node),
                (group, service) => service.ChangeMembers(group.Group, MembershipStep.Learn, request.Node, incarnation),
                progress,
                PatienceWithChanges,
                cancellation)
            : [0];
        Require(left, "was not taken into");
    }

    private async Task CatchUpAsync(StepProgress progress, CancellationToken cancellation)
    {
        // Leaders give a vote to learners that have caught up, by themselves.
        IReadOnlyList<uint> left = [];
        await eye.WaitForAsync(
            picture =>
            {
                left = [.. picture.Groups.Where(g => !g.Members.Voters.Contains(request.Node) || g.Members.IsJoint).Select(g => g.Group)];
                ulong all = picture.Groups.Aggregate(0UL, (sum, g) => sum + g.Members.Commit);
                ulong there = picture.Groups.Aggregate(0UL, (sum, g) => sum + Math.Min(g.Members.Commit, g.Replicas.GetValueOrDefault(request.Node)?.Applied ?? 0));
                progress.Report(left.Count == 0 ? "entries" : $"entries; no vote yet in group {string.Join(", ", left)}", (long)there, (long)all);
                return Task.FromResult(left.Count == 0 && picture.Groups.Count > 0);
            },
            PatienceWithCatchUp,
            cancellation);
        Require(left, "has no vote yet in");
    }

    private void Require(IReadOnlyList<uint> left, string what)
    {
        if (left.Count > 0)
        {
            throw new OperationFailedException($"Node {request.Node} {what} group {string.Join(", ", left.Order())}: no majority agreed in time, or the node stopped. 'lattice status' shows which nodes are missing; repeat the command when they are back.");
        }
    }
}
