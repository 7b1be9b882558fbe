namespace Lattice.Core.Tests.Consensus.Cluster;

/// <summary>Election timeouts that a reader can foretell: node 1 waits the shortest time, node 2 one tick more, and so on.</summary>
internal sealed class FixedTimeouts(int node) : Random
{
    public override int Next(int maxValue) => (node - 1) % maxValue;

    public override long NextInt64(long minValue, long maxValue) => minValue + node;
}
