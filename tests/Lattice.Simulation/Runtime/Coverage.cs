using System.Runtime.InteropServices;

namespace Lattice.Simulation.Runtime;

/// <summary>Counts what a run exercised, so that a simulation that proves nothing is seen to prove nothing.</summary>
internal sealed class Coverage
{
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>All counts by name.</summary>
    public IEnumerable<KeyValuePair<string, long>> Counts => _counts.OrderBy(c => c.Key, StringComparer.Ordinal);

    public long this[string name] => _counts.GetValueOrDefault(name);

    public void Count(string name, long by = 1) => CollectionsMarshal.GetValueRefOrAddDefault(_counts, name, out _) += by;

    /// <summary>Adds another run's counts.</summary>
    public void Add(Coverage other)
    {
        foreach ((string name, long count) in other._counts)
        {
            Count(name, count);
        }
    }
}
