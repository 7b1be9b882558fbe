namespace Lattice.Bench.Backups;

/// <summary>The most memory that a process was seen to have.</summary>
internal sealed class MemoryPeak
{
    // A process that has just been started is still growing into what it needs to do anything at all.
    private const int FirstAfterSamples = 10;

    private readonly Lock gate = new();
    private int samples;

    /// <summary>The most that was seen.</summary>
    public long Bytes { get; private set; }

    /// <summary>What it had when it was on its feet, about a second after it was started.</summary>
    public long First { get; private set; }

    /// <summary>Looks now and then, until the result is disposed.</summary>
    public IDisposable Watch(Func<long> look, TimeSpan interval) => new Timer(_ => Note(look()), null, TimeSpan.Zero, interval);

    private void Note(long bytes)
    {
        lock (gate)
        {
            Bytes = Math.Max(Bytes, bytes);
            if (samples++ <= FirstAfterSamples && bytes > 0)
            {
                First = bytes;
            }
        }
    }
}
