namespace Lattice.Bench.Backups;

/// <summary>The most memory that a process was seen to have.</summary>
internal sealed class MemoryPeak
{
    private readonly Lock gate = new();

    /// <summary>The most that was seen.</summary>
    public long Bytes { get; private set; }

    /// <summary>What it had when it began with what is measured.</summary>
    public long First { get; private set; }

    /// <summary>Looks now and then, until the result is disposed.</summary>
    /// <param name="look">How much it has.</param>
    /// <param name="hasBegun">Whether it has begun with what is measured.</param>
    /// <param name="interval">Between two looks.</param>
    public IDisposable Watch(Func<long> look, Func<bool> hasBegun, TimeSpan interval) => new Timer(_ => Note(look(), hasBegun()), null, TimeSpan.Zero, interval);

    private void Note(long bytes, bool hasBegun)
    {
        lock (gate)
        {
            Bytes = Math.Max(Bytes, bytes);
            if (First == 0 && hasBegun)
            {
                First = bytes;
            }
        }
    }
}
