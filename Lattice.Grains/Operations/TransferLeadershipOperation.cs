using System.Globalization;
using System.Text;

namespace Lattice.Grains.Operations;

/// <summary>
/// Has one node lead all groups. When groups have no leader, because too many members were lost for a majority, it first has those that are left elect
/// one, after the operator has read what may be lost.
/// </summary>
internal sealed class TransferLeadershipOperation(OperationRequest request, ClusterEye eye, LeadershipMoves moves, TimeProvider time) : IOperation
{
    // A leader that was lost a moment ago has a successor within this.
    private static readonly TimeSpan PatienceWithElection = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan PatienceWithForced = TimeSpan.FromSeconds(30);
    // After a loss the leader first has to give the others their votes back.
    private static readonly TimeSpan PatienceWithAgreement = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PatienceWithMoves = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IReadOnlyList<string> Takes => [OperationCatalog.Cluster];

    /// <inheritdoc/>
    public IReadOnlyList<OperationStep> Steps =>
    [
        new("elect leaders where there are none", ElectAsync),
        new("agree on the leader", (_, cancellation) => moves.PreferAsync(request.Node, PatienceWithAgreement, cancellation)),
        new("move leaderships", MoveAsync),
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
        if (!seen.Nodes.ContainsKey(request.Node))
        {
            return new OperationPlan { Refusal = $"Node {request.Node} does not answer, or is not in this cluster: 'lattice status' shows the nodes. Nothing was done." };
        }

        if (!isLed)
        {
            return new OperationPlan { Warning = Loss(seen), Confirmation = "yes" };
        }

        uint[] withoutVote = [.. seen.Groups.Where(g => !g.Members.Voters.Contains(request.Node)).Select(g => g.Group)];
        return withoutVote.Length == 0
            ? OperationPlan.Go
            : new OperationPlan { Refusal = $"Node {request.Node} has no vote in group {string.Join(", ", withoutVote)}, so it cannot lead there: it is being brought up to date, or was removed. 'lattice status {request.Node}' shows it; try again when it is ready. Nothing was done." };
    }

    /// <summary>What each node has of the groups without a leader, and what that means.</summary>
    private static string Loss(ClusterPicture seen)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Group {string.Join(", ", seen.Leaderless)} has no leader: too few of its members answer, or still have what they acknowledged, for a majority.\n");
        foreach (GroupPicture group in seen.Groups.Where(g => g.Leader == 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"  group {group.Group}:");
            foreach (int member in group.Members.Voters.Union(group.Replicas.Keys).Order())
            {
                text.Append(group.Replicas.TryGetValue(member, out GroupMembership? replica)
                    ? string.Create(CultureInfo.InvariantCulture, $" node {member} up to entry {replica.LastIndex} of term {replica.LastTerm};")
                    : string.Create(CultureInfo.InvariantCulture, $" node {member} does not answer;"));
            }

            text.Length--;
            text.Append('\n');
        }

        text.Append("The most advanced of those that answer will lead each group. Everything that only the silent ones hold, or that nodes held which are empty now, is given up for good, acknowledged writes among it; when silent nodes come back, they take over what the others have. ");
        text.Append("If one of the silent nodes can be started, start it instead: nothing is lost then.");
        return text.ToString();
    }

    private async Task ElectAsync(StepProgress progress, CancellationToken cancellation)
    {
        var asked = new Dictionary<uint, long>();
        IReadOnlyList<uint> leaderless = [];
        bool isLed = await eye.WaitForAsync(
            async picture =>
            {
                leaderless = picture.Leaderless;
                progress.Report(leaderless.Count == 0 ? "" : $"waiting for group {string.Join(", ", leaderless)}", picture.Groups.Count - leaderless.Count, picture.Groups.Count);
                foreach (GroupPicture group in picture.Groups.Where(g => g.Leader == 0 && request.IsConfirmed && IsDue(asked, g.Group)))
                {
                    asked[group.Group] = time.GetTimestamp();
                    await eye.TellAsync(group.MostAdvanced(group.Members.Voters), service => service.ForceElection(group.Group));
                }

                return leaderless.Count == 0 && picture.Groups.Count > 0;
            },
            request.IsConfirmed ? PatienceWithForced : PatienceWithElection,
            cancellation);
        if (!isLed)
        {
            throw new OperationFailedException(request.IsConfirmed
                ? $"No leader came about in group {string.Join(", ", leaderless)} within {PatienceWithForced.TotalSeconds:0} s: a node that answers refused, or the nodes do not reach each other. Their logs say why; repeat the command when 'lattice status --verbose' shows the links alive."
                : $"Group {string.Join(", ", leaderless)} lost its leader meanwhile. No leadership was moved. Repeat the command.");
        }
    }

    private async Task MoveAsync(StepProgress progress, CancellationToken cancellation)
    {
        IReadOnlyList<uint> left = await moves.MoveAsync(_ => request.Node, progress, PatienceWithMoves, cancellation);
        if (left.Count > 0)
        {
            throw new OperationFailedException($"Group {string.Join(", ", left)} is led by another node still: node {request.Node} is not caught up, has no room on its volume or cannot be reached. The wish stands, and they move when it is; 'lattice admin balance-leaders' lifts it.");
        }
    }

    private bool IsDue(Dictionary<uint, long> asked, uint group) => !asked.TryGetValue(group, out long last) || time.GetElapsedTime(last) >= AskAgain;
}
