using Orleans.GrainDirectory;

namespace Lattice.Grains;

/// <summary>
/// The grain directory of grains that every silo has for itself, which knows nothing. Orleans looks a stateless worker up before it places it here, and
/// its own directory is spread over the silos: after one of them was killed, the first call to such a grain on another would fail for
/// seconds, until membership has declared the killed one dead. Raft's groups go on much sooner, and so must the way to them.
/// </summary>
internal sealed class PlacedHere : IGrainDirectory
{
    /// <summary>Its name for <see cref="GrainDirectoryAttribute"/>.</summary>
    public const string Name = "lattice-here";

    /// <inheritdoc/>
    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    /// <inheritdoc/>
    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
