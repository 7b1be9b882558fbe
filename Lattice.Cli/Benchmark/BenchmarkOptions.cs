namespace Lattice.Cli.Benchmark;

/// <summary>What load to make.</summary>
/// <param name="Duration">How long it is measured.</param>
/// <param name="Clients">Callers, each with one operation in flight.</param>
/// <param name="ValueSize">Bytes of a value.</param>
/// <param name="ReadRatio">Share of reads, 0 to 1.</param>
internal sealed record BenchmarkOptions(TimeSpan Duration, int Clients, int ValueSize, double ReadRatio);
