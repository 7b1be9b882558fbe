using System.Diagnostics;

namespace Lattice.Cluster.Tests.Harness;

/// <summary>Waits for conditions.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public static async Task<T> Holds<T>(Func<Task<T>> read, Func<T, bool> condition, TimeSpan patience, string what)
    {
        long began = Stopwatch.GetTimestamp();
        for (; ; )
        {
            T value = await read();
            if (condition(value))
            {
                return value;
            }

            Assert.True(Stopwatch.GetElapsedTime(began) < patience, $"Not within {patience.TotalSeconds:0.#} s: {what}. Last seen: {value}");
            await Task.Delay(Interval);
        }
    }

    public static Task Holds(Func<bool> condition, TimeSpan patience, string what) =>
        Holds(() => Task.FromResult(condition()), value => value, patience, what);
}
