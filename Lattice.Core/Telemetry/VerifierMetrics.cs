using System.Diagnostics.Metrics;

namespace Lattice.Core.Telemetry;

/// <summary>What is known here of the verifier of a group.</summary>
/// <param name="Group">The group.</param>
/// <param name="OpenIncidents">Incidents that are not over.</param>
/// <param name="AgreedAgeSeconds">Seconds since its replicas were seen to agree; null: they were not yet.</param>
public readonly record struct VerifierReading(uint Group, int OpenIncidents, double? AgreedAgeSeconds);

/// <summary>What a node measures of the verifiers of the groups that it leads: each group is on one node's <c>/metrics</c>.</summary>
public sealed class VerifierMetrics : IDisposable
{
    private const string Group = "group";

    private readonly Meter meter = new(LatticeMeter.Name);

    /// <summary>Begins to measure.</summary>
    /// <param name="read">The readings now.</param>
    public VerifierMetrics(Func<IEnumerable<VerifierReading>> read)
    {
        meter.CreateObservableGauge(
            "lattice_incidents_open",
            () => read().Select(r => new Measurement<int>(r.OpenIncidents, Tag(r))),
            description: "Incidents of a group that are not over: replicas that do not agree, or nodes that halted and are not back.");
        meter.CreateObservableGauge(
            "lattice_verifier_agreed_age_seconds",
            () => read().Where(r => r.AgreedAgeSeconds is not null).Select(r => new Measurement<double>(r.AgreedAgeSeconds!.Value, Tag(r))),
            description: "Seconds since the verifier of a group saw all replicas agree that it could compare.");
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private static KeyValuePair<string, object?> Tag(VerifierReading reading) => new(Group, (long)reading.Group);
}
