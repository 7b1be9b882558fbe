using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.MicroBench;

/// <summary>The state of a group with all records of a <see cref="WriteLoad"/>, in RocksDB below the temporary directory.</summary>
internal sealed class LoadedState : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("lattice-microbench-");
    private readonly RocksDbEngine engine;

    public LoadedState(WriteLoad load)
    {
        engine = RocksDbEngine.Open(Path.Combine(directory.FullName, "state"), new RocksDbOptions());
        Machine = new StateMachine(engine, 1, new StateLimits(), new RecordCache(WriteLoad.Keys));
        foreach (Entry entry in load.All())
        {
            Machine.Apply([entry]);
        }

        engine.Flush();
    }

    public StateMachine Machine { get; }

    public void Dispose()
    {
        engine.Dispose();
        directory.Delete(recursive: true);
    }
}
