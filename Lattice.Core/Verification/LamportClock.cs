namespace Lattice.Core.Verification;

/// <summary>
/// A node's logical clock (Lamport, "Time, clocks, and the ordering of events in a distributed system", 1978): it moves with every event
/// of the node and never falls behind a frame that the node has taken, so an event that could have caused another one has the lower number. It begins at
/// the microseconds since 1970: a node that was restarted goes on after its former life even before it has heard of anybody. Any thread.
/// </summary>
public sealed class LamportClock
{
    private ulong now;

    /// <summary>Begins at the present time.</summary>
    public LamportClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        now = (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    }

    /// <summary>Number of the latest event.</summary>
    public ulong Now => Volatile.Read(ref now);

    /// <summary>Something happens: its number, which no other event of this node has.</summary>
    public ulong Tick() => Interlocked.Increment(ref now);

    /// <summary>Something was received: whatever happens from here on comes after what its sender had done by then.</summary>
    public void Merge(ulong received)
    {
        ulong seen = Volatile.Read(ref now);
        while (received > seen)
        {
            ulong found = Interlocked.CompareExchange(ref now, received, seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }
}
