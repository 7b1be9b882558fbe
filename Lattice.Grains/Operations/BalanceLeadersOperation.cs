using Lattice.Core.Replication;

namespace Lattice.Grains.Operations;

/// <summary>Lifts the wish for one leader and spreads the leaders over the nodes again.</summary>
internal sealed class BalanceLeadersOperation(ClusterEye eye, LeadershipMoves moves) : IOperation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PatienceWithMoves = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IReadOnlyList<string> Takes => [OperationCatalog.Cluster];

    /// <inheritdoc/>
    public IReadOnlyList<OperationStep> Steps =>
    [
        new("lift the wish for one leader", (_, cancellation) => moves.PreferAsync(0, Patience, cancellation)),
        new("move leaderships", MoveAsync),
    ];

    /// <inheritdoc/>
    public async Task<OperationPlan> PlanAsync(CancellationToken cancellation)
    {
        IReadOnlyList<uint> leaderless = [];
        bool isLed = await eye.WaitForAsync(
            picture =>
            {
                leaderless = picture.Leaderless;
                return Task.FromResult(leaderless.Count == 0);
            },
            0.4 * Patience,
            cancellation);
        return isLed ? OperationPlan.Go : new OperationPlan { Refusal = $"Group {string.Join(", ", leaderless)} has no leader: 'lattice status' shows which nodes are missing. Start them first. Nothing was done." };
    }

    private async Task MoveAsync(StepProgress progress, CancellationToken cancellation)
    {
        IReadOnlyList<uint> left = await moves.MoveAsync(Wanted, progress, PatienceWithMoves, cancellation);
        if (left.Count > 0)
        {
            throw new OperationFailedException($"Group {string.Join(", ", left)} is led by another node than it should: that node is not caught up. The wish for one leader is lifted, and the group moves by itself when the node is ready.");
        }
    }

    /// <summary>A node that is away does not keep the others from being balanced.</summary>
    private static int Wanted(GroupPicture group) => group.Members.Voters.Count > 0 && LeaderSpread.Of(group.Group, group.Members.Voters) is var best && group.Able.Contains(best) ? best : 0;
}
