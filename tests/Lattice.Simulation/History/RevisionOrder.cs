using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.History;

/// <summary>
/// Revisions put all writes of a group in one order. It has to agree with real time, whatever the keys: who is told a
/// revision and then writes gets a higher one. This is what makes the group, and not only each key, linearizable.
/// </summary>
internal sealed class RevisionOrder(uint group)
{
    private readonly List<Write> _writes = [];
    private readonly Dictionary<ulong, string> _owners = [];

    /// <summary>An acknowledged command that wrote.</summary>
    public void Wrote(string label, ulong revision, long invoked, long returned)
    {
        if (!_owners.TryAdd(revision, label))
        {
            throw new SimulationFailure($"Two commands of group {group} were given revision {revision}: {_owners[revision]} and {label}.");
        }

        _writes.Add(new Write(label, revision, invoked, returned));
    }

    /// <summary>Compares the order of revisions with real time.</summary>
    public void Check()
    {
        List<Write> byReturn = [.. _writes.OrderBy(w => w.Returned)];
        Write? highest = null;
        int next = 0;
        foreach (Write write in _writes.OrderBy(w => w.Invoked))
        {
            for (; next < byReturn.Count && byReturn[next].Returned < write.Invoked; next++)
            {
                highest = highest is null || byReturn[next].Revision > highest.Revision ? byReturn[next] : highest;
            }

            if (highest is not null && highest.Revision >= write.Revision)
            {
                throw new SimulationFailure($"Group {group} is not linearizable: {write} began when {highest} had been acknowledged.");
            }
        }
    }

    private sealed record Write(string Label, ulong Revision, long Invoked, long Returned)
    {
        public override string ToString() => FormattableString.Invariant($"{Label} (revision {Revision})");
    }
}
