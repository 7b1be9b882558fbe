using BenchmarkDotNet.Attributes;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.MicroBench;

/// <summary>Entries of writes of 256 bytes into a state of 100,000 records.</summary>
[MemoryDiagnoser]
public class StateBenchmarks
{
    private readonly WriteLoad load = new();
    private LoadedState loaded = null!;
    private ExecutionVerifier verifier = null!;

    /// <summary>Writes in an entry.</summary>
    [Params(1, 32)]
    public int Commands { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        loaded = new LoadedState(load);
        verifier = new ExecutionVerifier(loaded.Machine);
    }

    [GlobalCleanup]
    public void Cleanup() => loaded.Dispose();

    [Benchmark(Baseline = true)]
    public void Apply() => loaded.Machine.Apply([load.Next(Commands)]);

    /// <summary>As a replica does it: executed, checked against the reference model, committed.</summary>
    [Benchmark]
    public void ApplyVerified()
    {
        IReadOnlyList<Entry> entries = [load.Next(Commands)];
        ExecutedEntries executed = loaded.Machine.Execute(entries);
        verifier.Check(entries, executed);
        loaded.Machine.Commit(executed);
        verifier.Committed();
    }
}
