namespace Lattice.Core.Replication;

/// <summary>
/// Ticks by the clock, not by how often somebody called: a process that was stopped, or starved, learns here that its time has passed before it
/// answers anything. A leader's lease rests on that.
/// </summary>
internal sealed class TickClock
{
    private readonly TimeProvider time;
    private readonly long interval;
    private readonly long most;
    private long last;

    public TickClock(ReplicaSettings settings, TimeProvider time)
    {
        this.time = time;
        interval = Math.Max(1, (long)(settings.TickInterval.TotalSeconds * time.TimestampFrequency));

        // More than an election timeout makes no difference.
        most = 2 * settings.ElectionTicks;
        last = time.GetTimestamp();
    }

    /// <summary>Ticks that have become due since the last call.</summary>
    public long TakeDue()
    {
        long ticks = (time.GetTimestamp() - last) / interval;
        last += ticks * interval;
        return Math.Min(ticks, most);
    }
}
