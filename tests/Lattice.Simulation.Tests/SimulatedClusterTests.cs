using System.Collections.Concurrent;
using Lattice.Simulation.Runtime;
using Xunit;

namespace Lattice.Simulation.Tests;

/// <summary>
/// Whole clusters, a life for each seed. A seed that fails is replayed with
/// <c>dotnet run -c Release --project tests/Lattice.Simulation -- --seeds 1 --start SEED --trace</c>.
/// </summary>
public sealed class SimulatedClusterTests
{
    private const int SeedsPerBlock = 60;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Clusters_keep_every_promise_whatever_fails(int block)
    {
        ConcurrentBag<RunReport> reports = [];
        RunAll(1 + (ulong)(block * SeedsPerBlock), SeedsPerBlock, breakRule: null, reports.Add);
        Assert.Empty(reports.Where(r => r.Failure is not null).OrderBy(r => r.Seed).Select(r => $"seed {r.Seed}: {r.Failure}"));

        Coverage coverage = new();
        foreach (RunReport report in reports)
        {
            coverage.Add(report.Coverage);
        }

        AssertExercised(coverage);
    }

    [Theory]
    [InlineData("acknowledge-before-sync")]
    [InlineData("lying-disk")]
    [InlineData("vote-twice")]
    [InlineData("skip-noop")]
    [InlineData("forget-session")]
    [InlineData("follower-reads")]
    public void A_rule_that_is_broken_on_purpose_is_noticed_within_200_seeds(string rule)
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            if (Run(seed, rule).Failure is not null)
            {
                return;
            }
        }

        Assert.Fail($"Nobody noticed {rule}.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_seed_is_the_same_life_every_time(int seed)
    {
        RunReport first = Run((ulong)seed, null);
        RunReport second = Run((ulong)seed, null);
        Assert.Equal((first.Fingerprint, first.Events, first.VirtualTime), (second.Fingerprint, second.Events, second.VirtualTime));
        Assert.NotEqual(first.Fingerprint, Run((ulong)seed + 100, null).Fingerprint);
    }

    [Fact]
    public void A_trace_tells_the_life_and_does_not_change_it()
    {
        List<string> lines = [];
        RunReport traced = SimulationRun.Execute(new RunOptions { Seed = 7, Trace = lines.Add });
        Assert.Equal(Run(7, null).Fingerprint, traced.Fingerprint);
        Assert.Contains(lines, line => line.Contains("becomes Leader", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("FAULT", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("client 1 calls", StringComparison.Ordinal));
    }

    internal static RunReport Run(ulong seed, string? breakRule) => SimulationRun.Execute(new RunOptions { Seed = seed, Break = breakRule });

    private static void RunAll(ulong first, int count, string? breakRule, Action<RunReport> done) =>
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i => done(Run(first + (ulong)i, breakRule)));

    /// <summary>A simulation in which nothing happens would pass as well.</summary>
    private static void AssertExercised(Coverage coverage)
    {
        Assert.All(
            [
                "raft: leaders elected", "raft: became Recovering", "raft: became Removed", "raft: became Learner", "node: snapshots installed", "fault: power lost", "fault: process died",
                "fault: partition into two parts", "fault: a node is paused", "disk: syncs failed", "disk: refused, full", "state: refused, full", "state: batches lost by a crash",
                "membership: proposals Accepted", "client: outcomes never learned", "client: answered after a retry", "monitor: states compared", "network: duplicated", "network: overtaken",
                "node: dropped a damaged frame", "trace: effects with their causes",
            ],
            name => Assert.True(coverage[name] > 0, name));
    }
}
