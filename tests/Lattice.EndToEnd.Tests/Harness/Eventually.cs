using System.Diagnostics;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>Waiting for a condition, with a picture of the last look when it does not come.</summary>
internal static class Eventually
{
    public static T Holds<T>(Func<T> look, Func<T, bool> condition, TimeSpan within, Func<string>? explain = null)
    {
        long began = Stopwatch.GetTimestamp();
        for (; ; )
        {
            T seen = look();
            if (condition(seen))
            {
                return seen;
            }

            if (Stopwatch.GetElapsedTime(began) > within)
            {
                throw new TimeoutException($"Did not come within {within.TotalSeconds:0} s. Last seen:\n{seen}\n{explain?.Invoke()}");
            }

            Thread.Yield();
        }
    }
}
