using Orleans.Runtime.Services;

namespace Lattice.Grains;

/// <summary>The way to what operations ask of a node.</summary>
public sealed class OperatorDirectory(IServiceProvider services, PeerDirectory peers) : GrainServiceClient<IOperatorService>(services)
{
    /// <summary>The service of a node; null when membership knows no silo of it that is alive.</summary>
    public IOperatorService? Find(int node)
    {
        foreach ((int known, SiloAddress address) in peers.Known)
        {
            if (known == node)
            {
                return GetGrainService(address);
            }
        }

        return null;
    }
}
