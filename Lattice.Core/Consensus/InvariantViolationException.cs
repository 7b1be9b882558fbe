using Lattice.Core.Verification;

namespace Lattice.Core.Consensus;

/// <summary>
/// A state that Raft excludes was met: two facts that cannot both be true. Going on could lose or fork acknowledged writes, so the replica must
/// stop; what is on its disk was not changed by the step that found it.
/// </summary>
public sealed class InvariantViolationException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="rule">The rule that is broken.</param>
    /// <param name="seen">The fact that was met, as a sentence without its full stop.</param>
    /// <param name="known">The fact that it contradicts, likewise but beginning in lower case.</param>
    /// <param name="why">Why both cannot be, and so what it tells.</param>
    /// <param name="peer">Node whose message showed it; 0 when it was met in this replica alone.</param>
    public InvariantViolationException(Invariant rule, string seen, string known, string why, int peer = 0)
        : base($"{rule}: {seen}, but {known}. {why}.")
    {
        Rule = rule;
        Seen = seen;
        Known = known;
        Why = why;
        Peer = peer;
    }

    /// <summary>The rule that is broken.</summary>
    public Invariant Rule { get; }

    /// <summary>The fact that was met.</summary>
    public string Seen { get; }

    /// <summary>The fact that it contradicts: what this replica held for true before.</summary>
    public string Known { get; }

    /// <summary>Why both cannot be, and so what it tells.</summary>
    public string Why { get; }

    /// <summary>
    /// Node whose message showed it, 0 when it was met in this replica alone. That does not say which of the two is wrong.
    /// </summary>
    public int Peer { get; }
}
