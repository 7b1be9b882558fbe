namespace Lattice.Grains.Operations;

/// <summary>What the journal holds: the latest operations and what happened to them.</summary>
[GenerateSerializer, Alias("lattice.operation-journal")]
public sealed class JournalContent
{
    /// <summary>Operations, oldest first.</summary>
    [Id(0)] public List<OperationReport> Operations { get; set; } = [];

    /// <summary>What happened to them, oldest first.</summary>
    [Id(1)] public List<AuditEvent> Events { get; set; } = [];
}
