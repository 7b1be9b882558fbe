namespace Lattice.Grains.Operations;

/// <summary>The operations there are.</summary>
public sealed class OperationCatalog(OperatorDirectory operators, TimeProvider time)
{
    /// <summary>The operation that is asked for; null: this version knows none of the kind.</summary>
    internal IOperation? Find(OperationRequest request) => request.Kind switch
    {
        OperationKind.Snapshot => new NodeTaskOperation(request, operators, time, "write snapshot", static (service, id) => service.Snapshot(id)),
        OperationKind.CompactLog => new NodeTaskOperation(request, operators, time, "compact log", (service, id) => service.CompactLog(id, request.Keep)),
        _ => null,
    };
}
