using System.Diagnostics;

namespace Lattice.Bench.Peers;

/// <summary>Waits for what a server will do in a moment.</summary>
internal static class Patience
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Tries again and again until it succeeds.</summary>
    /// <param name="what">What is waited for, for the message of the failure.</param>
    /// <param name="attempt">One try.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="TimeoutException">A minute has passed.</exception>
    public static async Task<T> UntilAsync<T>(string what, Func<Task<T?>> attempt, CancellationToken cancellation)
        where T : class
    {
        long began = Stopwatch.GetTimestamp();
        Exception? last = null;
        while (Stopwatch.GetElapsedTime(began) < Longest)
        {
            try
            {
                if (await attempt().ConfigureAwait(false) is { } result)
                {
                    return result;
                }
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                // Not there yet; the last reason is told when it never is.
                last = e;
            }

            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        }

        throw new TimeoutException($"{what} did not happen within {Longest.TotalSeconds:0} s.", last);
    }
}
