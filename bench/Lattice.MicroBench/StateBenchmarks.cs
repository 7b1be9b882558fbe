using BenchmarkDotNet.Attributes;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.MicroBench;

/// <summary>Entries of writes of 256 bytes into a state of 100,000 records in RocksDB, and what is read from it as a whole.</summary>
[MemoryDiagnoser]
public class StateBenchmarks
{
    private const int CacheRecords = 100_000;

    private readonly WriteLoad load = new();
    private DirectoryInfo directory = null!;
    private RocksDbEngine engine = null!;
    private StateMachine state = null!;
    private ExecutionVerifier verifier = null!;
    private readonly byte[] record = new byte[256];

    /// <summary>Writes in an entry.</summary>
    [Params(1, 32)]
    public int Commands { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        directory = Directory.CreateTempSubdirectory("lattice-microbench-");
        engine = RocksDbEngine.Open(Path.Combine(directory.FullName, "state"), new RocksDbOptions());
        state = new StateMachine(engine, 1, new StateLimits(), new RecordCache(CacheRecords));
        foreach (Entry entry in load.All())
        {
            state.Apply([entry]);
        }

        engine.Flush();
        verifier = new ExecutionVerifier(state);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        engine.Dispose();
        directory.Delete(recursive: true);
    }

    [Benchmark(Baseline = true)]
    public void Apply() => state.Apply([load.Next(Commands)]);

    /// <summary>As a replica does it: executed, checked against the reference model, committed.</summary>
    [Benchmark]
    public void ApplyVerified()
    {
        IReadOnlyList<Entry> entries = [load.Next(Commands)];
        ExecutedEntries executed = state.Execute(entries);
        verifier.Check(entries, executed);
        state.Commit(executed);
        verifier.Committed();
    }

    /// <summary>What the digest of a record costs.</summary>
    [Benchmark]
    public UInt128 Hash() => RowHash.Of(1, RowKind.Record, record.AsSpan(0, 18), record);

    /// <summary>The whole state as it is sent to a follower.</summary>
    [Benchmark]
    public long ReadSnapshot()
    {
        using GroupSnapshot snapshot = state.OpenSnapshot();
        long bytes = 0;
        foreach (ReadOnlyMemory<byte> block in snapshot.Blocks())
        {
            bytes += block.Length;
        }

        return bytes;
    }
}
