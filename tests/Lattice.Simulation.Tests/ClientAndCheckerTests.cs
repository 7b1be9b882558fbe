using Lattice.Simulation.Clients;
using Lattice.Simulation.History;
using Lattice.Simulation.Runtime;
using Xunit;

namespace Lattice.Simulation.Tests;

/// <summary>The clients and what judges their history, against a store that is right and against stores that lie.</summary>
public sealed class ClientAndCheckerTests
{
    private const int Seeds = 20;

    [Fact]
    public void The_history_of_a_correct_store_is_accepted()
    {
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            Assert.Null(Run(seed, PerfectStore.Lie.None));
        }
    }

    [Theory]
    [InlineData((int)PerfectStore.Lie.StaleRead)]
    [InlineData((int)PerfectStore.Lie.LostWrite)]
    [InlineData((int)PerfectStore.Lie.ForgottenSession)]
    [InlineData((int)PerfectStore.Lie.TornTransaction)]
    [InlineData((int)PerfectStore.Lie.IgnoredCondition)]
    public void A_store_that_lies_is_found_out(int lie)
    {
        int caught = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            caught += Run(seed, (PerfectStore.Lie)lie) is null ? 0 : 1;
        }

        Assert.InRange(caught, Seeds / 2, Seeds);
    }

    private static string? Run(ulong seed, PerfectStore.Lie lie)
    {
        VirtualClock clock = new();
        SeededRandom random = new(seed);
        PerfectStore store = new(clock, random.Fork(), lie);
        Coverage coverage = new();
        Workload workload = new()
        {
            Clock = clock,
            Trace = new Trace(clock, null),
            Coverage = coverage,
            Cluster = store,
            Keys = new KeySpace([1], store.GroupOf),
            History = new ClientHistory(expirySlack: 0),
            Options = WorkloadOptions.Draw(random.Fork(), 2_000),
        };
        List<SimulatedClient> clients = [.. Enumerable.Range(1, workload.Options.Clients).Select(i => new SimulatedClient(i, workload, random.Fork()))];
        clients.ForEach(c => c.Start());
        try
        {
            Assert.True(clock.RunUntil(3_600 * VirtualClock.Second, () => clients.TrueForAll(c => c.Working == 0)));
            workload.History.Check();
            Assert.True(workload.History.Count > 1_000);
            return null;
        }
        catch (SimulationFailure e)
        {
            return e.Message;
        }
    }
}
