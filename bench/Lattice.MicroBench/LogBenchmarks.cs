using BenchmarkDotNet.Attributes;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;

namespace Lattice.MicroBench;

/// <summary>An entry of 32 writes of 256 bytes into the write-ahead log, on the disk below the temporary directory.</summary>
[MemoryDiagnoser]
public class LogBenchmarks
{
    private const int Commands = 32;

    private readonly WriteLoad load = new();
    private DirectoryInfo directory = null!;
    private WriteAheadLog log = null!;
    private GroupLog group = null!;

    [Params(false, true)]
    public bool Sync { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        directory = Directory.CreateTempSubdirectory("lattice-microbench-");
        log = WriteAheadLog.Open(new PhysicalDisk(), directory.FullName, new LogOptions { SyncOnWrite = Sync });
        group = log.Group(1);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        log.Dispose();
        directory.Delete(recursive: true);
    }

    [Benchmark]
    public long Append()
    {
        Entry entry = load.Next(Commands);
        group.Append([entry], hard: null);
        log.Write();
        if (Sync)
        {
            log.Sync();
        }

        if (entry.Index % 1024 == 0)
        {
            group.Compact(entry.Index - 1);
        }

        return group.Bytes;
    }
}
