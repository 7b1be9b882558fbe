using Lattice.Core.State;
using Lattice.Core.Tests.Verification;
using Lattice.Simulation.Runtime;
using Lattice.Simulation.State;

namespace Lattice.Simulation.Tests;

public sealed class SimulatedStateCheckTests : StateCheckSpecification
{
    protected override IStateEngine Engine { get; } = new SimulatedStateStore(new SeededRandom(1), new PowerSwitch(), new Coverage()).Open();
}
