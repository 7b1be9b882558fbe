using System.Globalization;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.Verification;
using Lattice.Grains;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Hosting;

/// <summary>
/// What a node does whose replica was found to be wrong and has fenced itself: tells the others, finds out what differs, writes the report, says what it found. The node stops
/// after it, so nothing here may take long. Also what it does when its replica differs and nobody can tell which is right: the same, but it stays.
/// </summary>
internal sealed partial class DivergenceHalt(NodeSettings settings, ReplicaHost host, PeerDirectory peers, TraceCollector traces, DivergenceInquiry inquiry, NodeInfo node, TimeProvider time, ILogger<DivergenceHalt> logger)
{
    private static readonly TimeSpan LongestStory = TimeSpan.FromMilliseconds(500);

    // Enough for what led there; all of it is in the nodes' memory, and shown by 'lattice admin trace'.
    private const int EventsInReport = 500;

    /// <summary>Explains the divergence: in the log at once, in the report when the others have been asked.</summary>
    public async Task ExplainAsync(Divergence divergence)
    {
        LogDetected(Where(divergence), divergence.Message);
        Announce(divergence);
        (DivergenceReporter reporter, DivergenceReport report) = await ReportAsync(divergence).ConfigureAwait(false);
        reporter.WriteMark(report);
        await AnnounceAsync(report).ConfigureAwait(false);
    }

    /// <summary>Explains a difference that no majority decides: nothing of the group is served anywhere, and this node stays for the operator to decide.</summary>
    public async Task ExplainUndecidedAsync(Divergence divergence)
    {
        LogUndecided(Where(divergence), divergence.Message);
        try
        {
            (DivergenceReporter reporter, DivergenceReport report) = await ReportAsync(divergence).ConfigureAwait(false);
            reporter.WriteUndecided(report);
        }
        catch (Exception e)
        {
            // Nobody waits for this; the difference stands, and is decided or not, without a report.
            LogNotExplained(e);
        }
    }

    private static string Where(Divergence divergence) => divergence.Group is { } group ? string.Create(CultureInfo.InvariantCulture, $"group {group}") : "the node's files";

    private async Task<(DivergenceReporter Reporter, DivergenceReport Report)> ReportAsync(Divergence divergence)
    {
        Divergence known = await inquiry.FindOutAsync(divergence).ConfigureAwait(false);
        ReplicaStatus? status = host.Status().Replicas.FirstOrDefault(r => r.Group == divergence.Group);
        var standing = new ReplicaStanding(status?.Role ?? RaftRole.Follower, status?.Term ?? 0, status?.Applied.Index ?? 0);
        CausalStory story = await StoryAsync(divergence.Group).ConfigureAwait(false);
        var reporter = new DivergenceReporter(settings, time, logger);
        return (reporter, reporter.Build(host.Status().Identity.Incarnation, standing, known, story));
    }

    /// <summary>Tells the others what the report says, for the list of incidents. Those that do not answer at once are not waited for: one is enough.</summary>
    private async Task AnnounceAsync(DivergenceReport report)
    {
        DivergenceAnalysis? cause = report.Analysis?.Rules;
        var halt = new Incident
        {
            Id = report.Id,
            At = report.When,
            Group = report.Group ?? 0,
            Kind = IncidentKind.Halt,
            Nodes = [settings.Node],
            Index = report.Index,
            Check = ClearanceNote.Word(report.Detection.Kind.ToString()),
            Message = report.Detection.Message,
            Class = cause is null ? "" : ClearanceNote.Word(cause.Class.ToString()),
            RootCause = cause?.RootCause ?? "",
            Confidence = cause?.Confidence ?? 0,
            Report = DivergenceMark.PathOf(settings),
            ProcessStartedAt = node.StartedAt,
        };
        try
        {
            Task[] told = [.. settings.Cluster.Peers.Select(p => p.Id).Where(id => id != settings.Node).Select(peers.Find).OfType<IReplicaService>().Select(service => service.PeerHalted(halt).AsTask())];
            await Task.WhenAll(told).WaitAsync(LongestStory, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            LogNotAnnounced(e.Message);
        }
    }

    private async Task<CausalStory> StoryAsync(uint? group)
    {
        IReadOnlyDictionary<int, NodeTrace?> answers = await traces.AskAsync([.. settings.Cluster.Peers.Select(p => p.Id)], group, EventsInReport, LongestStory).ConfigureAwait(false);
        return TraceCollector.Join(answers.Values, EventsInReport);
    }

    /// <summary>Tells the others, so that leaderships move at once and the divergence is counted where somebody still reads counters.</summary>
    private void Announce(Divergence divergence)
    {
        foreach (int peer in settings.Cluster.Peers.Select(p => p.Id).Where(id => id != settings.Node))
        {
            peers.Find(peer)?.PeerDiverged(settings.Node, divergence.Group ?? TraceEvent.NodeLevel, divergence.Message).AsTask().Ignore();
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "STATE DIVERGENCE DETECTED in {Where}: {What} The node neither serves nor writes anything more; the analysis follows")]
    private partial void LogDetected(string where, string what);

    [LoggerMessage(Level = LogLevel.Error, Message = "The difference that nobody can decide could not be reported")]
    private partial void LogNotExplained(Exception reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "STATE DIVERGENCE DETECTED in {Where}: {What} Nobody can tell which replica is right, so the group neither reads nor writes, on any node, until an operator decides; the analysis follows")]
    private partial void LogUndecided(string where, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all nodes were told of the report, which is in this node's data directory: {Reason}")]
    private partial void LogNotAnnounced(string reason);
}
