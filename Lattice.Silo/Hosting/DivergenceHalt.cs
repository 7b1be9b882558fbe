using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Lattice.Grains;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Hosting;

/// <summary>
/// What a node does whose replica was found to be wrong and has fenced itself: asks the others what differs, writes the report, says what it found. The node stops
/// after it, so nothing here may take long.
/// </summary>
internal sealed partial class DivergenceHalt(NodeSettings settings, ReplicaHost host, PeerDirectory peers, TraceCollector traces, NodeInfo node, TimeProvider time, ILogger<DivergenceHalt> logger)
{
    // Together they are well below what an operator, or the leadership's move, notices.
    private static readonly TimeSpan LongestComparison = TimeSpan.FromSeconds(2);

    // Enough for what led there; all of it is in the nodes' memory, and shown by 'lattice admin trace'.
    private const int EventsInReport = 500;

    /// <summary>Explains the divergence: in the log at once, in the report when the others have been asked.</summary>
    public async Task ExplainAsync(Divergence divergence)
    {
        LogDetected(divergence.Group, divergence.Message);
        Announce(divergence);
        Divergence known = divergence;
        try
        {
            known = await NarrowAsync(divergence).WaitAsync(LongestComparison, time).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // What is known already is enough for a report, and it has to be written whatever else fails.
            LogNotNarrowed(e.Message);
        }

        ReplicaStatus? status = host.Status().Replicas.FirstOrDefault(r => r.Group == divergence.Group);
        var standing = new ReplicaStanding(status?.Role ?? RaftRole.Follower, status?.Term ?? 0, status?.Applied.Index ?? 0);
        CausalStory story = await StoryAsync(divergence.Group).ConfigureAwait(false);
        DivergenceReport report = new DivergenceReporter(settings, time, logger).Write(host.Status().Identity.Incarnation, standing, known, story);
        await AnnounceAsync(report).ConfigureAwait(false);
    }

    /// <summary>Tells the others what the report says, for the list of incidents. Those that do not answer at once are not waited for: one is enough.</summary>
    private async Task AnnounceAsync(DivergenceReport report)
    {
        DivergenceAnalysis? cause = report.Analysis?.Rules;
        var halt = new Incident
        {
            Id = report.Id,
            At = report.When,
            Group = report.Group,
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
            await Task.WhenAll(told).WaitAsync(LongestComparison / 4, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            LogNotAnnounced(e.Message);
        }
    }

    private async Task<CausalStory> StoryAsync(uint group)
    {
        IReadOnlyDictionary<int, NodeTrace?> answers = await traces.AskAsync([.. settings.Cluster.Peers.Select(p => p.Id)], group, EventsInReport, LongestComparison / 4).ConfigureAwait(false);
        return TraceCollector.Join(answers.Values, EventsInReport);
    }

    /// <summary>Tells the others, so that leaderships move at once and the divergence is counted where somebody still reads counters.</summary>
    private void Announce(Divergence divergence)
    {
        foreach (int peer in settings.Cluster.Peers.Select(p => p.Id).Where(id => id != settings.Node))
        {
            peers.Find(peer)?.PeerDiverged(settings.Node, divergence.Group, divergence.Message).AsTask().Ignore();
        }
    }

    /// <summary>Finds the records that differ, when that is not known, by comparing with a healthy replica; and the command that wrote them.</summary>
    private async Task<Divergence> NarrowAsync(Divergence divergence)
    {
        bool isRecordUnknown = divergence.Kind is DivergenceKind.PeerDigest or DivergenceKind.StoredDigest || divergence.Records.Any(r => !r.IsExpectedKnown);
        if (isRecordUnknown)
        {
            divergence = await CompareAsync(divergence).ConfigureAwait(false);
        }

        if (divergence.Command is null && divergence.Records.Count > 0 && await host.ReadEntryAsync(divergence.Group, divergence.Entry.Index).ConfigureAwait(false) is { } entry)
        {
            divergence = divergence with { Command = DivergenceNarrowing.FindCommand(entry, divergence.Records) };
        }

        return divergence;
    }

    private async Task<Divergence> CompareAsync(Divergence divergence)
    {
        using GroupSnapshot? own = await host.OpenViewAsync(divergence.Group).ConfigureAwait(false);
        if (own is null)
        {
            return divergence;
        }

        BucketQuestion question = await Task.Run(() => DivergenceNarrowing.Ask(own)).ConfigureAwait(false);
        byte[] encoded = EvidenceCodec.Encode(question);
        foreach (int peer in settings.Cluster.Peers.Select(p => p.Id).Where(id => id != settings.Node))
        {
            if (peers.Find(peer) is not { } service)
            {
                continue;
            }

            try
            {
                ReadOnlyMemory<byte> answer = await service.Compare(encoded).AsTask().WaitAsync(LongestComparison / 2, time).ConfigureAwait(false);
                if (!answer.IsEmpty)
                {
                    return DivergenceNarrowing.Narrow(divergence, own, EvidenceCodec.DecodeAnswer(answer));
                }
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                LogNotNarrowed($"Node {peer}: {e.Message}");
            }
        }

        return divergence;
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "STATE DIVERGENCE DETECTED in group {Group}: {What} The replica neither serves nor writes anything more; the analysis follows")]
    private partial void LogDetected(uint group, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all nodes were told of the report, which is in this node's data directory: {Reason}")]
    private partial void LogNotAnnounced(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What differs could not be compared with another node: {Reason}")]
    private partial void LogNotNarrowed(string reason);
}
