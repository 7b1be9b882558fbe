using Lattice.Grains;
using Lattice.Grains.Operations;
using Lattice.Grains.Verification;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Hosting;

/// <summary>Tells of a divergence of this node that somebody cleared while it was stopped: in the log, in the cluster's audit, to the verifiers.</summary>
internal sealed partial class ClearanceHerald(NodeSettings settings, AuditTrail audit, HaltNotices halts, ILogger<ClearanceHerald> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (ClearanceNote.Read(settings) is not { } note)
        {
            return;
        }

        LogCleared(note.Id, note.Who, note.At);
        halts.Add(new Incident
        {
            Id = note.Id,
            At = note.FoundAt,
            Group = note.Group,
            Kind = IncidentKind.Halt,
            Nodes = [settings.Node],
            Index = note.Index,
            Check = note.Check,
            Message = note.Message,
            Class = note.Class,
            RootCause = note.RootCause,
            Confidence = note.Confidence,
            Report = note.Report,
        });

        // Not brought there, it stays for the next start.
        if (await audit.NoteAsync(new AuditEvent(note.At, note.Who, $"clear-divergence {settings.Node}", "done", $"{note.Id}: {note.Message}", Guid.Empty)).ConfigureAwait(false))
        {
            ClearanceNote.Remove(settings);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The divergence {Id} of this node was cleared by {Who} at {At:u}: the node learns everything anew from the others")]
    private partial void LogCleared(string id, string who, DateTimeOffset at);
}
