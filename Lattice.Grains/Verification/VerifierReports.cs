using System.Collections.Concurrent;

namespace Lattice.Grains.Verification;

/// <summary>What this node heard last of the verifiers of the groups that it leads. Any thread.</summary>
public sealed class VerifierReports(TimeProvider time)
{
    private readonly ConcurrentDictionary<uint, (VerifierReport Report, long HeardAt)> latest = new();

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
