namespace Lattice.Grains.Verification;

/// <summary>Compares the replicas of a group, the grain's key, and remembers when they did not agree. It works when it is asked to look; nothing waits for it.</summary>
[Alias("lattice.verifier")]
public interface IVerifierGrain : IGrainWithIntegerKey
{
    /// <summary>Compares the replicas, unless that was done a moment ago.</summary>
    [Alias("look")]
    [ResponseTimeout("00:00:05")]
    ValueTask<VerifierReport> Look();

    /// <summary>The group's incidents.</summary>
    [Alias("incidents")]
    [ResponseTimeout("00:00:04")]
    ValueTask<IncidentHistory> Incidents();
}
