using System.Diagnostics;

namespace Lattice.Cli.Backup;

/// <summary>
/// Work that leaves half of the time to others: after each stretch of it comes a rest as long, up to ten seconds. Whatever the work costs a processor or a disk, whoever shares them keeps the other half.
/// </summary>
internal sealed class HalfTime
{
    private static readonly TimeSpan Stretch = TimeSpan.FromMilliseconds(100);

    // A disk that is so slow is not given more time: whoever waits for the work, a node for its backup's reader, would take it for dead.
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(10);

    private long began = Stopwatch.GetTimestamp();

    /// <summary>Rests if it is time to.</summary>
    public void Pause()
    {
        TimeSpan worked = Stopwatch.GetElapsedTime(began);
        if (worked >= Stretch)
        {
            Thread.Sleep(worked < LongestRest ? worked : LongestRest);
            began = Stopwatch.GetTimestamp();
        }
    }
}
