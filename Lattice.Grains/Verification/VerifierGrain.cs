using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Lattice.Grains.Verification;

/// <summary>The door to the verifier of a group: one for the whole cluster, where it was first asked for.</summary>
[Reentrant]
[PreferLocalPlacement]
public sealed class VerifierGrain(IServiceProvider services, SampleCollector samples, TimeProvider time, ILogger<VerifierGrain> logger) : Grain, IVerifierGrain, IDisposable
{
    private GroupVerifier? verifier;

    private GroupVerifier Verifier => verifier ?? throw new InvalidOperationException("The grain is used before it is activated.");

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        uint group = (uint)this.GetPrimaryKeyLong();
        var journal = new GrainJournal<IncidentContent>(services, this.GetGrainId(), "incidents", "Incidents cannot be stored: they are remembered until they can be.", time, logger);
        verifier = new GroupVerifier(group, index => samples.AskAsync(group, index), journal, time, logger);
        return base.OnActivateAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => verifier?.Dispose();

    /// <inheritdoc/>
    public async ValueTask<VerifierReport> Look() => await Verifier.LookAsync();

    /// <inheritdoc/>
    public async ValueTask<IncidentHistory> Incidents() => await Verifier.IncidentsAsync();
}
