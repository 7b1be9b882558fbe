namespace Lattice.Grains.Operations;

/// <summary>The operations there are.</summary>
public sealed class OperationCatalog(OperatorDirectory operators, ClusterEye eye, TimeProvider time)
{
    /// <summary>What operations on the cluster as a whole take: one of them runs at a time.</summary>
    internal const string Cluster = "cluster";

    private readonly LeadershipMoves moves = new(eye, time);
    private readonly MembershipChanges changes = new(eye, time);

    /// <summary>The operation that is asked for; null: this version knows none of the kind.</summary>
    internal IOperation? Find(OperationRequest request) => request.Kind switch
    {
        OperationKind.Snapshot => new NodeTaskOperation(request, operators, time, "write snapshot", static (service, id) => service.Snapshot(id)),
        OperationKind.CompactLog => new NodeTaskOperation(request, operators, time, "compact log", (service, id) => service.CompactLog(id, request.Keep)),
        OperationKind.Backup => new NodeTaskOperation(request, operators, time, "hand out backup", static (service, id) => service.Backup(id)),
        OperationKind.TransferLeadership => new TransferLeadershipOperation(request, eye, moves, time),
        OperationKind.BalanceLeaders => new BalanceLeadersOperation(eye, moves),
        OperationKind.RemoveNode => new RemoveNodeOperation(request, eye, moves, changes),
        OperationKind.FinalizeUpgrade => new FinalizeUpgradeOperation(eye),
        OperationKind.AddNode => new AddNodeOperation(request, eye, changes),
        _ => null,
    };
}
