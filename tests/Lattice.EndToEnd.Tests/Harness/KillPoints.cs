using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>
/// Random moments in the course of an operation at which something is killed, spread over its whole duration, which is measured before. How many there are says
/// LATTICE_KILL_POINTS (3 unless it is set), which ones LATTICE_KILL_SEED; the seed is printed.
/// </summary>
internal sealed class KillPoints
{
    private const int Usual = 3;

    private readonly ITestOutputHelper output;
    private readonly Random random;

    public KillPoints(ITestOutputHelper output)
    {
        this.output = output;
        int seed = Number("LATTICE_KILL_SEED") ?? Random.Shared.Next();
        random = new Random(seed);
        output.WriteLine($"LATTICE_KILL_SEED={seed} LATTICE_KILL_POINTS={Count}");
    }

    /// <summary>How many moments of each operation.</summary>
    public static int Count { get; } = Number("LATTICE_KILL_POINTS") ?? Usual;

    /// <summary>One of the numbers from 1 to the highest.</summary>
    public int Pick(int highest) => random.Next(1, highest + 1);

    /// <summary>Runs the operation once as it is, and then once for each moment.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="measure">Runs it undisturbed.</param>
    /// <param name="disturb">Runs it again; is given how long to wait before the kill.</param>
    public async Task SpreadAsync(string name, Action measure, Func<TimeSpan, Task> disturb)
    {
        long began = Stopwatch.GetTimestamp();
        measure();
        TimeSpan whole = Stopwatch.GetElapsedTime(began);
        for (int i = 0; i < Count; i++)
        {
            TimeSpan moment = (i + random.NextDouble()) / Count * whole;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: killed after {moment.TotalMilliseconds:0} of {whole.TotalMilliseconds:0} ms"));
            await disturb(moment);
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
