#pragma warning disable CS1591
using Lattice.Silo.Configuration;
namespace Lattice.Silo;
public static class LatticeServer { public static Task<int> RunAsync(NodeSettings settings, CancellationToken cancellation) => Task.FromResult(settings.Node); }
