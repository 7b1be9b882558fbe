namespace Lattice.Core.Telemetry;

/// <summary>How much came in the last ten seconds. Adding allocates nothing and locks nothing; any thread.</summary>
public sealed class RateWindow
{
    private const int Seconds = 10;

    // The second that is being counted is not looked at, and one more is spare.
    private const int Slots = Seconds + 2;

    private readonly TimeProvider time;
    private readonly long start;
    private readonly Slot[] slots = [.. Enumerable.Range(0, Slots).Select(_ => new Slot())];

    /// <summary>A window with nothing in it.</summary>
    public RateWindow(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        this.time = time;
        start = time.GetTimestamp();
    }

    /// <summary>Adds.</summary>
    public void Add(long amount)
    {
        long now = Second();
        Slot slot = slots[now % Slots];
        if (Interlocked.Exchange(ref slot.Number, now) != now)
        {
            // What others add at this moment may be lost with the old value: one of very many.
            Interlocked.Exchange(ref slot.Amount, 0);
        }

        Interlocked.Add(ref slot.Amount, amount);
    }

    /// <summary>What came in the last ten whole seconds.</summary>
    public long Total
    {
        get
        {
            long now = Second();
            long sum = 0;
            foreach (Slot slot in slots)
            {
                long age = now - Interlocked.Read(ref slot.Number);
                if (age is > 0 and <= Seconds)
                {
                    sum += Interlocked.Read(ref slot.Amount);
                }
            }

            return sum;
        }
    }

    /// <summary>The same, for each second of them; in the first seconds of the window's life, for each second of that.</summary>
    public double PerSecond => (double)Total / Math.Clamp(Second(), 1, Seconds);

    private long Second() => (long)time.GetElapsedTime(start).TotalSeconds;

    private sealed class Slot
    {
        public long Number = -1;
        public long Amount;
    }
}
