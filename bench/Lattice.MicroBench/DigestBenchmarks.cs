using BenchmarkDotNet.Attributes;
using Lattice.Core.State;

namespace Lattice.MicroBench;

/// <summary>What the digest of a record of 256 bytes costs.</summary>
public class DigestBenchmarks
{
    private readonly byte[] key = new byte[18];
    private readonly byte[] content = new byte[256];

    [Benchmark]
    public UInt128 Hash() => RowHash.Of(1, RowKind.Record, key, content);
}
