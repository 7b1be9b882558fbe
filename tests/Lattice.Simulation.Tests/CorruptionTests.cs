using System.Collections.Concurrent;
using Lattice.Simulation.Faults;
using Lattice.Simulation.Runtime;
using Xunit;
using Xunit.Abstractions;

namespace Lattice.Simulation.Tests;

/// <summary>
/// Clusters whose memory and disks are corrupted. A run fails when something wrong was answered, spread, or is still there in the end, and when an alarm is raised
/// though nothing was corrupted.
/// </summary>
public sealed class CorruptionTests(ITestOutputHelper output)
{
    [Fact]
    public void Whatever_is_corrupted_is_noticed_before_it_does_harm()
    {
        Coverage coverage = Run(first: 1, count: 120, corrupts: true);
        IReadOnlyList<CorruptionCount> counts = CorruptionSummary.Of(coverage);
        Assert.All(counts, c => Assert.True(c.Injected > 0, c.Kind));
        Assert.All(counts, c => Assert.True(c.IsComplete, $"{c}"));

        // Entries that everybody has applied are of no use to anybody: those that are get a test of their own.
        Assert.All(counts.Where(c => c.Kind != CorruptionKinds.EntryBit).GroupBy(c => c.Part), part => Assert.Equal(1.0, CorruptionSummary.Rate(part)));
    }

    [Fact]
    public void An_applied_index_that_is_ahead_of_the_data_after_a_crash_is_noticed_before_anything_is_read()
    {
        Coverage coverage = Run(first: 2_001, count: 40, corrupts: true, CorruptionKinds.AppliedIndex);
        CorruptionCount count = CorruptionSummary.Of(coverage).Single(c => c.Kind == CorruptionKinds.AppliedIndex);
        Assert.True(count.Injected > 10, $"{count}");

        // The rest went before the node was started: with a backup that was restored over it.
        Assert.Equal((1.0, true), (CorruptionSummary.Rate([count]), count.IsComplete && count.Noticed > count.Harmless));
        Assert.Equal(count.Noticed, coverage[$"noticed: {CorruptionKinds.AppliedIndex}, by StoredDigest in phase Boot"]);
    }

    [Fact]
    public void An_entry_that_changes_in_memory_is_noticed_before_it_is_written_sent_or_applied()
    {
        Coverage coverage = Run(first: 4_001, count: 60, corrupts: true, CorruptionKinds.EntryBit);
        CorruptionCount count = CorruptionSummary.Of(coverage).Single(c => c.Kind == CorruptionKinds.EntryBit);
        Assert.True(count.Noticed > 5 && count.IsComplete && count.Unnoticed == 0, $"{count}");
        Assert.Equal(count.Noticed, coverage[$"noticed: {CorruptionKinds.EntryBit}, by EntryChecksum in phase Log"]);
    }

    [Fact]
    public void A_command_that_does_something_else_on_one_node_is_noticed_by_the_others()
    {
        Coverage coverage = Run(first: 3_001, count: 40, corrupts: true, CorruptionKinds.Command);
        CorruptionCount count = CorruptionSummary.Of(coverage).Single(c => c.Kind == CorruptionKinds.Command);
        Assert.True(count.Noticed > 5, $"{count}");
        Assert.Equal(count.Noticed, coverage[$"noticed: {CorruptionKinds.Command}, by PeerDigest in phase Exchange"]);
    }

    [Fact]
    public void Nobody_raises_an_alarm_when_nothing_is_corrupted() => Assert.All(CorruptionSummary.Of(Run(first: 1_001, count: 100, corrupts: false)), c => Assert.Equal(0, c.Injected + c.Noticed));

    private Coverage Run(ulong first, int count, bool corrupts, string? only = null)
    {
        ConcurrentBag<RunReport> reports = [];
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
            reports.Add(SimulationRun.Execute(new RunOptions { Seed = first + (ulong)i, Corrupts = corrupts, OnlyCorruption = only })));
        Coverage coverage = new();
        foreach (RunReport report in reports)
        {
            coverage.Add(report.Coverage);
        }

        if (corrupts)
        {
            CorruptionSummary.Describe(coverage).ToList().ForEach(output.WriteLine);
        }

        Assert.Empty(reports.Where(r => r.Failure is not null).OrderBy(r => r.Seed).Select(r => $"seed {r.Seed}: {r.Failure}"));
        return coverage;
    }
}
