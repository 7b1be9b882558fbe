using Lattice.Core.Replication;
using Lattice.Core.Verification;
using Lattice.Grains.Operations;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains;

/// <summary>Where operators rehearse: lets faults be injected into this node, if its configuration allows it.</summary>
public sealed partial class DrillHall(NodeInfo node, ReplicaHost host, AuditTrail audit, TimeProvider time, ILogger<DrillHall> logger)
{
    /// <summary>Injects a fault.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="group">The group.</param>
    /// <param name="who">Who asks for it.</param>
    public async ValueTask<DrillReply> RunAsync(string kind, uint group, string who)
    {
        var asked = new AuditEvent(time.GetUtcNow(), who, $"drill {node.Node} {kind} --group {group}", "began", "", Guid.NewGuid());
        if (Refusal(kind, group, who) is { } refusal)
        {
            _ = audit.NoteAsync(asked with { Event = "refused", Detail = refusal });
            return new DrillReply(false, refusal);
        }

        // Noted before: the node may not live to say that it was done.
        _ = audit.NoteAsync(asked);
        LogDrill(kind, group, who);
        if (await host.DrillAsync(Enum.Parse<DrillKind>(kind, ignoreCase: true), group) is not { } done)
        {
            string nothing = $"Node {node.Node} has nothing in group {group} yet to which this could be done: write some records first.";
            _ = audit.NoteAsync(asked with { At = time.GetUtcNow(), Event = "failed", Detail = nothing });
            return new DrillReply(false, nothing);
        }

        _ = audit.NoteAsync(asked with { At = time.GetUtcNow(), Event = "done", Detail = done });
        return new DrillReply(true, $"Node {node.Node}, group {group}: {done}.");
    }

    /// <summary>Why a drill may not be; null: it may.</summary>
    private string? Refusal(string kind, uint group, string who)
    {
        if (!node.AllowDrills)
        {
            LogRefused(kind, group, who);
            return $"Node {node.Node} does not allow drills: they inject real faults and stop the node. Set [verification] allow_drills = true in its configuration and restart it, where a rehearsal is meant.";
        }

        if (!Enum.TryParse(kind, ignoreCase: true, out DrillKind parsed) || !Enum.IsDefined(parsed))
        {
            return $"There is no drill '{kind}'; there are {string.Join(", ", Enum.GetNames<DrillKind>()).ToLowerInvariant()}. Nothing was done.";
        }

        if (!host.Catalog.Groups.Any(g => g.Id == group) && group != 0)
        {
            return $"Node {node.Node} has no group {group}. Nothing was done.";
        }

        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Drill {Kind} in group {Group}, asked for by {Who}")]
    private partial void LogDrill(string kind, uint group, string who);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Drill {Kind} in group {Group}, asked for by {Who}, was denied: [verification] allow_drills is false")]
    private partial void LogRefused(string kind, uint group, string who);
}
