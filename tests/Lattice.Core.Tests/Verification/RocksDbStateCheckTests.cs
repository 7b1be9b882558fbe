using Lattice.Core.State;
using Lattice.Core.Tests.State;

namespace Lattice.Core.Tests.Verification;

public sealed class RocksDbStateCheckTests : StateCheckSpecification, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RocksDbEngine engine;

    public RocksDbStateCheckTests() => engine = RocksDbEngine.Open(folder.Path, new RocksDbOptions());

    protected override IStateEngine Engine => engine;

    public void Dispose()
    {
        engine.Dispose();
        folder.Dispose();
    }
}
