using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Network;

/// <summary>How a link in one direction behaves.</summary>
internal sealed record LinkQuality
{
    /// <summary>A network on which nothing is wrong.</summary>
    public static LinkQuality Good { get; } = new() { Reorders = false };

    /// <summary>Least delay, in microseconds.</summary>
    public long MinimumDelay { get; init; } = 50;

    /// <summary>Mean of what comes on top of it, exponentially distributed.</summary>
    public long MeanJitter { get; init; } = 200;

    /// <summary>Probability that a message gets lost.</summary>
    public double Loss { get; init; }

    /// <summary>Probability that a message arrives twice.</summary>
    public double Duplication { get; init; }

    /// <summary>Probability that a message takes up to fifty times as long (but not seconds), so that many others overtake it.</summary>
    public double Straggling { get; init; }

    /// <summary>Probability that a bit of a frame between nodes is another one when it arrives.</summary>
    public double Damage { get; init; }

    /// <summary>Whether messages may overtake each other at all.</summary>
    public bool Reorders { get; init; } = true;

    /// <summary>Bytes a second.</summary>
    public long Bandwidth { get; init; } = 100_000_000;

    /// <summary>A delay for one message.</summary>
    public long Delay(SeededRandom random)
    {
        long delay = MinimumDelay + random.Exponential(MeanJitter);
        return random.Chance(Straggling) ? Math.Max(delay, Math.Min(delay * random.Between(2, 50), 2 * VirtualClock.Second)) : delay;
    }
}
