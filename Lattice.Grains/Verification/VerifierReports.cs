using System.Collections.Concurrent;
using Lattice.Core.Telemetry;

namespace Lattice.Grains.Verification;

/// <summary>What this node heard last of the verifiers of the groups that it leads. Any thread.</summary>
public sealed class VerifierReports
{
    private readonly ConcurrentDictionary<uint, (VerifierReport Report, long HeardAt)> latest = new();
    private readonly TimeProvider time;

    /// <summary>Nothing was heard yet.</summary>
    public VerifierReports(LatticeMeter meter, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(meter);
        this.time = time;
        meter.CreateObservableGauge("lattice_incidents_open", () => Current().Sum(r => r.OpenIncidents.Count), "{incident}", "Incidents that are not over, in the groups that this node leads: replicas that differ, nodes that halted and are not back.");
        meter.CreateObservableGauge("lattice_verifier_agreed_age_seconds", () => Current().Select(r => r.AgreedAgeSeconds ?? 0).DefaultIfEmpty().Max(), "s", "Time since the verifier saw the replicas agree, in the group that this node leads where that is longest ago; 0: it leads none, or they were not seen to agree yet.");
    }

    /// <summary>The reports, as old as they are by now, in order of group.</summary>
    public IReadOnlyList<VerifierReport> Current() => [.. latest.Values.Select(heard => Aged(heard.Report, time.GetElapsedTime(heard.HeardAt).TotalSeconds)).OrderBy(r => r.Group)];

    /// <summary>A verifier answered.</summary>
    internal void Heard(VerifierReport report) => latest[report.Group] = (report, time.GetTimestamp());

    /// <summary>Another node asks this group's verifier now.</summary>
    internal void Forget(uint group) => latest.TryRemove(group, out _);

    private static VerifierReport Aged(VerifierReport report, double seconds) => report with
    {
        AgeSeconds = report.AgeSeconds + seconds,
        AgreedAgeSeconds = report.AgreedAgeSeconds + seconds,
    };
}
