using System.Diagnostics;
using System.Globalization;
using Lattice.Simulation.Breaks;
using Lattice.Simulation.Faults;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.CommandLine;

/// <summary>Which seeds to run, and how.</summary>
internal sealed record SeedRunnerOptions
{
    public required int Seeds { get; init; }

    public required ulong Start { get; init; }

    public required int Operations { get; init; }

    public int? Nodes { get; init; }

    public string? Break { get; init; }

    public bool Corrupts { get; init; }

    public bool Trace { get; init; }

    public bool GoOn { get; init; }

    public int Parallel { get; init; } = 2;
}

/// <summary>Runs seeds and tells about it; ends at the first that fails, unless told to go on.</summary>
internal sealed class SeedRunner(SeedRunnerOptions options)
{
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Coverage _coverage = new();
    private readonly SortedDictionary<ulong, string> _failures = [];
    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private TimeSpan _lastProgress;
    private TimeSpan _virtualTime;
    private long _events;
    private int _done;
    private int _next;

    /// <summary>Exit code: 0 when no seed failed, else 1.</summary>
    public int Run()
    {
        // Refuses an unknown name before anything runs.
        _ = DeliberateBreak.Create(options.Break);
        List<Thread> threads = [];
        for (int i = 0; i < Math.Max(1, options.Trace ? 1 : options.Parallel); i++)
        {
            // Product code recurses little, but checkers and trees may: a deep stack costs nothing.
            Thread thread = new(Work, maxStackSize: 16 << 20) { IsBackground = true, Name = "simulation" };
            threads.Add(thread);
            thread.Start();
        }

        threads.ForEach(t => t.Join());
        Summarize();
        return _failures.Count == 0 ? 0 : 1;
    }

    private void Work()
    {
        while (Interlocked.Increment(ref _next) is var number && number <= options.Seeds)
        {
            lock (_gate)
            {
                if (_failures.Count > 0 && !options.GoOn)
                {
                    return;
                }
            }

            ulong seed = options.Start + (ulong)(number - 1);
            RunReport report = Execute(seed);
            lock (_gate)
            {
                Take(report);
            }
        }
    }

    private RunReport Execute(ulong seed)
    {
        RunOptions run = new()
        {
            Seed = seed,
            Operations = options.Operations,
            Nodes = options.Nodes,
            Break = options.Break,
            Corrupts = options.Corrupts,
            Trace = options.Trace ? Console.Out.WriteLine : null,
        };
        try
        {
            return SimulationRun.Execute(run);
        }
        catch (Exception e)
        {
            // A fault of the simulator or of the product that nobody foresaw: the seed fails all the same.
            return new RunReport(seed, e.ToString(), 0, TimeSpan.Zero, 0, new Coverage());
        }
    }

    private void Take(RunReport report)
    {
        _done++;
        _virtualTime += report.VirtualTime;
        _events += report.Events;
        _coverage.Add(report.Coverage);
        if (report.Failure is not null)
        {
            _failures.Add(report.Seed, report.Failure);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {report.Seed} FAILS: {report.Failure}"));
            Console.WriteLine($"replay: {ReplayCommand(report.Seed)}");
        }

        if (options.Seeds == 1)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {report.Seed}: fingerprint {report.Fingerprint:x16}, {report.VirtualTime.TotalSeconds:F1} s of virtual time, {report.Events} events"));
        }

        if (_elapsed.Elapsed - _lastProgress >= ProgressEvery)
        {
            _lastProgress = _elapsed.Elapsed;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_done} of {options.Seeds} seeds, {_failures.Count} failed, {_elapsed.Elapsed.TotalSeconds:F0} s"));
        }
    }

    private string ReplayCommand(ulong seed)
    {
        string command = string.Create(CultureInfo.InvariantCulture, $"dotnet run -c Release --project tests/Lattice.Simulation -- --seeds 1 --start {seed} --operations {options.Operations} --trace");
        command += options.Nodes is { } nodes ? string.Create(CultureInfo.InvariantCulture, $" --nodes {nodes}") : "";
        command += options.Corrupts ? " --corrupt" : "";
        return command + (options.Break is { } name ? $" --break {name}" : "");
    }

    private void Summarize()
    {
        Console.WriteLine();
        foreach ((string name, long count) in _coverage.Counts)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count,12:N0}  {name}"));
        }

        Console.WriteLine();
        if (options.Corrupts)
        {
            foreach (string line in CorruptionSummary.Describe(_coverage))
            {
                Console.WriteLine(line);
            }

            Console.WriteLine();
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_done} seeds of {options.Operations} operations, {_virtualTime.TotalSeconds:F0} s of virtual time, {_events:N0} events in {_elapsed.Elapsed.TotalSeconds:F1} s: {(_failures.Count == 0 ? "all passed" : $"{_failures.Count} failed")}"));
        if (_failures.Count > 0)
        {
            Console.WriteLine($"first failing seed: {_failures.Keys.First()}; replay: {ReplayCommand(_failures.Keys.First())}");
        }
    }
}
