using System.Globalization;
using Lattice.Core.Verification;

namespace Lattice.Grains.Verification;

/// <summary>What a verifier stores: the incidents of its group, oldest first.</summary>
[GenerateSerializer, Alias("lattice.incident-content")]
public sealed class IncidentContent
{
    /// <summary>The incidents.</summary>
    [Id(0)] public List<Incident> Incidents { get; set; } = [];
}

/// <summary>
/// The incidents of a group: opens one when a comparison, or a node that halts, says that the replicas do not agree, and closes it when a later comparison
/// shows that they do. Used in one activation's turns only.
/// </summary>
internal sealed class IncidentBook(uint group)
{
    private const int Remembered = 100;

    private readonly List<Incident> incidents = [];

    /// <summary>All, oldest first.</summary>
    public IReadOnlyList<Incident> Incidents => incidents;

    /// <summary>Takes in what was stored before.</summary>
    public void Restore(IEnumerable<Incident> stored)
    {
        incidents.InsertRange(0, stored.Where(s => !incidents.Exists(known => known.Id == s.Id)).ToList());
    }

    /// <summary>Takes in a comparison.</summary>
    /// <returns>Incidents that are new or have changed.</returns>
    public IReadOnlyList<Incident> Take(VerifierRound round, DateTimeOffset now)
    {
        Incident[] before = [.. incidents];
        foreach (Incident halt in round.Samples.SelectMany(s => s.Halts).OrderBy(h => h.At))
        {
            TakeNotice(halt);
        }

        OpenSeenHalts(round, now);
        OpenDifferences(round, now);
        for (int i = 0; i < incidents.Count; i++)
        {
            if (incidents[i].IsOpen && EndOf(incidents[i], round) is { } outcome)
            {
                incidents[i] = incidents[i] with { ResolvedAt = now, Outcome = outcome };
            }
        }

        List<Incident> changed = [.. incidents.Where(i => !before.Contains(i))];
        while (incidents.Count > Remembered)
        {
            // Open ones stay: there are no more of them than there are nodes.
            int oldest = incidents.FindIndex(i => !i.IsOpen);
            incidents.RemoveAt(oldest < 0 ? 0 : oldest);
        }

        return changed;
    }

    /// <summary>What a node said when it halted. It may have been seen before, by the comparison or as the same notice.</summary>
    private void TakeNotice(Incident halt)
    {
        // One that the comparison opened in the same second has the same id, but nothing of the report yet.
        if (incidents.Exists(known => known.Id == halt.Id && known.Report.Length > 0))
        {
            return;
        }

        int node = halt.Nodes[0];
        int seen = incidents.FindLastIndex(known => known.Nodes.Contains(node) && (IsSameHalt(known, halt) || (known.IsOpen && known.Kind == IncidentKind.Difference)));
        if (seen >= 0)
        {
            incidents[seen] = halt with { At = incidents[seen].At, ResolvedAt = incidents[seen].ResolvedAt };
        }
        else
        {
            incidents.Add(halt);
        }
    }

    /// <summary>A process halts once; a notice that does not know its process belongs to a halt of which nothing else was told.</summary>
    private static bool IsSameHalt(Incident known, Incident halt) => known.Kind == IncidentKind.Halt && known.Report.Length == 0
        && (known.ProcessStartedAt == halt.ProcessStartedAt || (halt.ProcessStartedAt == default && known.IsOpen));

    private void OpenSeenHalts(VerifierRound round, DateTimeOffset now)
    {
        foreach (ReplicaSample halted in round.In(VerificationState.Diverged))
        {
            if (incidents.Exists(known => known.Kind == IncidentKind.Halt && known.Nodes.Contains(halted.Node) && known.ProcessStartedAt == halted.ProcessStartedAt))
            {
                continue;
            }

            incidents.RemoveAll(known => known.IsOpen && known.Kind == IncidentKind.Difference && known.Nodes.Contains(halted.Node));
            incidents.Add(New(IncidentKind.Halt, [halted.Node], 0, now, $"Node {halted.Node} found its replica of group {group} to be wrong and stops.") with
            {
                ProcessStartedAt = halted.ProcessStartedAt,
            });
        }
    }

    private void OpenDifferences(VerifierRound round, DateTimeOffset now)
    {
        DigestVerdict verdict = round.Verdict;
        foreach (int wrong in verdict.Wrong)
        {
            if (!incidents.Exists(known => known.IsOpen && known.Nodes.Contains(wrong) && known.Kind is IncidentKind.Halt or IncidentKind.Difference))
            {
                incidents.Add(New(IncidentKind.Difference, [wrong], verdict.Index, now, $"The state of node {wrong} after entry {verdict.Index} of group {group} is not that of the majority, nodes {string.Join(", ", verdict.Right)}."));
            }
        }

        IEnumerable<int> doubtful = round.In(VerificationState.NoMajority).Select(s => s.Node).Order();
        int[] undecided = [.. verdict.Agreement == DigestAgreement.NoMajority ? verdict.Right : doubtful];
        if (undecided.Length > 0 && !incidents.Exists(known => known.IsOpen && known.Kind == IncidentKind.NoMajority))
        {
            incidents.Add(New(IncidentKind.NoMajority, undecided, verdict.Index, now, $"The replicas of group {group} differ and no majority says which is right: it neither reads nor writes."));
        }
    }

    /// <summary>What ended an incident; null: it goes on.</summary>
    private static string? EndOf(Incident incident, VerifierRound round)
    {
        if (incident.Kind == IncidentKind.NoMajority)
        {
            return round.Verdict.Agreement == DigestAgreement.Agree && !round.In(VerificationState.NoMajority).Any() && !round.In(VerificationState.Arbitrating).Any()
                ? Text($"Nodes {string.Join(", ", round.Verdict.Right)} agree at entry {round.Verdict.Index}.")
                : null;
        }

        int node = incident.Nodes[0];
        if (round.Members.Removed.Contains(node))
        {
            return "The node was removed from the cluster.";
        }

        // The process that halts still answers for a while, for other groups and other checks as if nothing had happened.
        bool isBack = incident.Kind == IncidentKind.Difference || round.Samples.Any(s => s.Node == node && s.ProcessStartedAt > incident.ProcessStartedAt);
        bool agrees = round.Verdict.Agreement is DigestAgreement.Agree or DigestAgreement.Differ && round.Verdict.Right.Contains(node);
        return isBack && agrees
            ? Text($"{(incident.Kind == IncidentKind.Halt ? "The node came back and" : "The node")} agrees with the others at entry {round.Verdict.Index}.")
            : null;
    }

    private Incident New(IncidentKind kind, int[] nodes, ulong index, DateTimeOffset now, string message) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"{now:yyyyMMddTHHmmss}-{(kind == IncidentKind.NoMajority ? "undecided" : $"node{nodes[0]}")}-group{group}"),
        At = now,
        Group = group,
        Kind = kind,
        Nodes = nodes,
        Index = index,
        Message = message,
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
