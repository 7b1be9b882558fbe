namespace Lattice.Core.Consensus;

/// <summary>
/// A state that Raft excludes was met. Going on could lose or fork acknowledged writes, so the replica must stop; what is on its disk
/// was not changed by the step that found it.
/// </summary>
public sealed class InvariantViolationException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="what">What was seen.</param>
    /// <param name="why">Why it cannot be, and so what it tells.</param>
    public InvariantViolationException(string what, string why)
        : base($"{what}. {why}")
    {
        What = what;
        Why = why;
    }

    /// <summary>What was seen.</summary>
    public string What { get; }

    /// <summary>Why it cannot be, and so what it tells.</summary>
    public string Why { get; }
}
