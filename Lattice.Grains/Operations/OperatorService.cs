using System.Globalization;
using Lattice.Core.Replication;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains;

/// <summary>What operations ask of this node: hands on to its <see cref="ReplicaHost"/>.</summary>
public sealed class OperatorService(GrainId id, Silo silo, ILoggerFactory loggerFactory, ReplicaHost host, NodeTaskDesk tasks)
    : GrainService(id, silo, loggerFactory), IOperatorService
{
    /// <inheritdoc/>
    public ValueTask<NodeTask> Snapshot(Guid id) => ValueTask.FromResult(tasks.Run(id, progress =>
    {
        WrittenSnapshot written = host.WriteSnapshot(progress)
            ?? throw new NodeTaskFailedException("One of its groups did not show its state within 10 s: the node is too busy, or stopping. Try again, or take the snapshot of another node.");
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["path"] = written.Path,
            ["bytes"] = Text(written.Bytes),
            ["appliedIndex"] = Text(written.Number),
            ["appliedIndexes"] = string.Join(' ', written.Applied.Select(Text)),
        };
    }));

    /// <inheritdoc/>
    public ValueTask<NodeTask> CompactLog(Guid id, long keep) => ValueTask.FromResult(tasks.Run(id, _ =>
    {
        CompactedLog compacted = host.CompactLog((ulong)keep);
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["freedBytes"] = Text(compacted.FreedBytes),
            ["removedSegments"] = Text(compacted.RemovedSegments),
            ["droppedEntries"] = Text(compacted.Groups.Aggregate(0UL, (sum, group) => sum + group.Dropped)),
            ["keptEntries"] = Text(compacted.Groups.Aggregate(0UL, (sum, group) => sum + group.Kept)),
        };
    }));

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(format: null, CultureInfo.InvariantCulture);
}
