using BenchmarkDotNet.Attributes;
using Lattice.Core.State;

namespace Lattice.MicroBench;

/// <summary>A state of 100,000 records of 256 bytes, as it is sent to a follower.</summary>
[MemoryDiagnoser]
public class SnapshotBenchmarks
{
    private LoadedState loaded = null!;

    [GlobalSetup]
    public void Setup() => loaded = new LoadedState(new WriteLoad());

    [GlobalCleanup]
    public void Cleanup() => loaded.Dispose();

    [Benchmark]
    public long Read()
    {
        using GroupSnapshot snapshot = loaded.Machine.OpenSnapshot();
        return snapshot.Blocks().Sum(block => (long)block.Length);
    }
}
