namespace Lattice.Simulation.Runtime;

/// <summary>The clock of one machine: the simulation's time, read with an error. Nothing in the protocol may rely on clocks that agree.</summary>
internal sealed class NodeClock(VirtualClock clock) : TimeProvider
{
    /// <summary>What this machine's calendar is ahead of the simulation's; may be negative and may jump.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>How fast this machine's time passes: 1.02 is two percent too fast.</summary>
    public double Rate { get; set; } = 1;

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override long GetTimestamp() => (long)(clock.GetTimestamp() * Rate);

    /// <summary>When, in the simulation's time, this machine's timestamp will have reached the given one.</summary>
    public long WhenReached(long timestamp) => (long)Math.Ceiling(timestamp / Rate) + 1;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Skew;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);
}
