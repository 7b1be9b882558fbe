using System.CommandLine;
using System.Globalization;
using Lattice.Bench.Load;
using Lattice.Bench.Scaling;

namespace Lattice.Bench;

/// <summary><c>scale</c>: what one thing costs that grows, everything else being equal.</summary>
internal static class ScaleCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var what = new Argument<string>("what") { Description = $"What grows: {string.Join(", ", Growth.All.Select(g => g.Name))}" };
        what.AcceptOnlyFromAmong([.. Growth.All.Select(g => g.Name)]);
        var values = new Option<string?>("--values") { Description = "At which values, comma-separated" };
        values.Validators.Add(r =>
        {
            foreach (string word in BenchOptions.Words(r.GetValueOrDefault<string?>()).Where(w => !int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1))
            {
                r.AddError($"--values: '{word}' is no whole number from 1.");
            }
        });
        var seconds = BenchOptions.Positive("--seconds", "Measured seconds of each round", 5);
        var warmUp = BenchOptions.Positive("--warm-up", "Seconds before, not measured", 3);
        var rounds = BenchOptions.Positive("--rounds", "Rounds at each value; medians are shown", 3);
        var binary = BenchOptions.Binary();
        var json = new Option<string?>("--json") { Description = "File for the results as JSON" };
        var svg = new Option<string?>("--svg") { Description = "File for the picture" };
        var command = new Command("scale", "Measures a cluster at several sizes: throughput, latency, memory, idle cost, snapshot and restart.") { what, values, seconds, warmUp, rounds, binary, json, svg };
        command.SetAction(async (parsed, cancellation) =>
        {
            Growth growth = Growth.All.First(g => g.Name == parsed.GetValue(what));
            string[] words = BenchOptions.Words(parsed.GetValue(values));
            IReadOnlyList<int> at = words.Length > 0 ? [.. words.Select(w => int.Parse(w, CultureInfo.InvariantCulture))] : growth.Values;
            var time = new RoundTime(TimeSpan.FromSeconds(parsed.GetValue(seconds)), TimeSpan.FromSeconds(parsed.GetValue(warmUp)));
            var points = new List<GrowthPoint>();
            foreach (int value in at)
            {
                string folder = Directory.CreateTempSubdirectory("lattice-bench-").FullName;
                try
                {
                    points.Add(await GrowthRun.RunAsync(value, growth.Of(value), Path.GetFullPath(parsed.GetValue(binary)!), folder, time, parsed.GetValue(rounds), cancellation).ConfigureAwait(false));
                }
                finally
                {
                    Directory.Delete(folder, recursive: true);
                }

                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  {value:N0} {growth.Unit}: {points[^1].WritesPerSecond:0} writes/s, {points[^1].ReadsPerSecond:0} reads/s")).ConfigureAwait(false);
            }

            var report = new GrowthReport(growth, time, points);
            await Console.Out.WriteAsync(report.Markdown()).ConfigureAwait(false);
            await BenchOptions.WriteAsync(parsed.GetValue(json), report.Json(), cancellation).ConfigureAwait(false);
            await BenchOptions.WriteAsync(parsed.GetValue(svg), report.Svg(), cancellation).ConfigureAwait(false);
        });
        return command;
    }
}
