using System.Globalization;

namespace Lattice.Grains.Operations;

/// <summary>Raises the cluster's feature level to what the version knows that all members run. There is no way back to an older version then.</summary>
internal sealed class FinalizeUpgradeOperation(ClusterEye eye) : IOperation
{
    // The leader has to have heard of every member since it was elected.
    private static readonly TimeSpan PatienceWithAgreement = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IReadOnlyList<string> Takes => [OperationCatalog.Cluster];

    /// <inheritdoc/>
    public IReadOnlyList<OperationStep> Steps => [new("raise the feature level", RaiseAsync), new("wait until all nodes work at it", FollowAsync)];

    /// <inheritdoc/>
    public async Task<OperationPlan> PlanAsync(CancellationToken cancellation)
    {
        ClusterPicture seen = null!;
        await eye.WaitForAsync(
            picture =>
            {
                seen = picture;
                return Task.FromResult(picture.System.Leader != 0 && Silent(picture).Count == 0);
            },
            0.4 * PatienceWithAgreement,
            cancellation);
        if (seen.System.Leader == 0)
        {
            return Refused("The system group has no leader, so nothing can be agreed: 'lattice status' shows which nodes are missing. Start them first. Nothing was done.");
        }

        if (Silent(seen) is { Count: > 0 } silent)
        {
            return Refused($"Node {string.Join(", ", silent)} does not answer, so which version it will run is not known. Start it, or remove it with 'lattice admin remove-node', and repeat the command. Nothing was done.");
        }

        NodeMembership hindrance = Members(seen).Select(n => seen.Nodes[n]).MinBy(n => n.NewestLevel)!;
        int level = seen.Nodes[seen.System.Leader].Level;
        return hindrance.NewestLevel > level
            ? new OperationPlan
            {
                Warning = string.Create(CultureInfo.InvariantCulture, $"The cluster goes from feature level {level} to {hindrance.NewestLevel}. That cannot be taken back: versions of Lattice that know levels up to {level} only cannot be started on these nodes any more."),
                Confirmation = "yes",
            }
            : Refused(string.Create(CultureInfo.InvariantCulture, $"There is nothing to finalize: the cluster works at feature level {level}, and node {hindrance.Node} (version {hindrance.Version}) knows no higher one. If an upgrade is under way, upgrade that node too and repeat the command. Nothing was done."));
    }

    private static OperationPlan Refused(string why) => new() { Refusal = why };

    private static IEnumerable<int> Members(ClusterPicture picture) => picture.System.Members.Voters.Concat(picture.System.Members.Learners);

    private static List<int> Silent(ClusterPicture picture) => [.. Members(picture).Where(n => !picture.Nodes.ContainsKey(n))];

    private async Task RaiseAsync(StepProgress progress, CancellationToken cancellation)
    {
        bool isRaised = await eye.WaitForAsync(
            async picture =>
            {
                bool agreed = false;
                return picture.System.Leader != 0 && await eye.TellAsync(picture.System.Leader, async service => agreed = await service.RaiseLevel()) && agreed;
            },
            PatienceWithAgreement,
            cancellation);
        if (!isRaised)
        {
            throw new OperationFailedException("The system group did not raise the feature level: a member was not heard of or runs an older version. 'lattice status --verbose' shows versions and links. The level is what it was; repeat the command when all nodes are there.");
        }
    }

    private async Task FollowAsync(StepProgress progress, CancellationToken cancellation)
    {
        bool isFollowed = await eye.WaitForAsync(
            picture =>
            {
                int level = picture.Nodes.Values.Max(n => n.Level);
                int[] behind = [.. picture.Nodes.Values.Where(n => n.Level < level).Select(n => n.Node)];
                progress.Report(behind.Length == 0 ? "" : $"waiting for node {string.Join(", ", behind)}", picture.Nodes.Count - behind.Length, picture.Nodes.Count);
                progress.SetFact("level", level.ToString(CultureInfo.InvariantCulture));
                return Task.FromResult(behind.Length == 0);
            },
            PatienceWithAgreement,
            cancellation);
        if (!isFollowed)
        {
            throw new OperationFailedException("The feature level is raised, but not all nodes work at it yet: one of them is behind or not reached. It does by itself when it has caught up; 'lattice status --verbose' shows it.");
        }
    }
}
