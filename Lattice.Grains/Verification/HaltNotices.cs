namespace Lattice.Grains.Verification;

/// <summary>What this node was told of nodes that halted, until the verifiers have taken it: the latest, bounded. Any thread.</summary>
public sealed class HaltNotices
{
    private const int Most = 32;

    private readonly Lock gate = new();
    private readonly List<Incident> halts = [];

    /// <summary>A node halted.</summary>
    public void Add(Incident halt)
    {
        lock (gate)
        {
            halts.Add(halt);
            halts.RemoveRange(0, Math.Max(0, halts.Count - Most));
        }
    }

    /// <summary>Halts in a group.</summary>
    public IReadOnlyList<Incident> Of(uint group)
    {
        lock (gate)
        {
            return [.. halts.Where(h => h.Group == group)];
        }
    }
}
