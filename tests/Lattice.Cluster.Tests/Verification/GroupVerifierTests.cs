using Lattice.Grains;
using Lattice.Grains.Verification;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lattice.Cluster.Tests.Verification;

/// <summary>What a verifier makes of what the replicas of its group say.</summary>
public sealed class GroupVerifierTests : IDisposable
{
    private readonly ReplicaSamples replicas = new();
    private readonly ManualTime time = new();
    private readonly ServiceProvider withoutStorage = new ServiceCollection().BuildServiceProvider();
    private readonly GroupVerifier verifier;
    private int comparisons;

    public GroupVerifierTests()
    {
        var journal = new GrainJournal<IncidentContent>(withoutStorage, GrainId.Create("verifier", "1"), "incidents", "", time, NullLogger.Instance);
        verifier = new GroupVerifier(1, AskAsync, journal, time, NullLogger.Instance);
    }

    public void Dispose()
    {
        verifier.Dispose();
        withoutStorage.Dispose();
    }

    [Fact]
    public async Task Replicas_that_agree_are_reported_with_the_entry_and_how_long_ago_that_was()
    {
        await LookAsync();
        replicas.IsDown(2);
        replicas.IsDown(3);
        VerifierReport report = await LookAsync();

        Assert.Equal(("NothingToCompare", 100UL), (report.Verdict, report.AgreedIndex));
        Assert.Equal(GroupVerifier.Interval.TotalSeconds, report.AgreedAgeSeconds!.Value, precision: 3);
        Assert.Equal([1, 2, 3], report.NotCompared);
        Assert.Empty(report.OpenIncidents);
    }

    [Fact]
    public async Task However_many_ask_the_replicas_are_compared_once_in_a_while()
    {
        await verifier.LookAsync();
        int once = comparisons;
        await verifier.LookAsync();

        Assert.Equal(once, comparisons);
        await LookAsync();
        Assert.Equal(2 * once, comparisons);
    }

    [Fact]
    public async Task A_replica_that_is_not_as_the_majority_is_an_incident_until_it_is()
    {
        replicas.Stands(2, 'b');
        Incident open = Assert.Single((await LookAsync()).OpenIncidents);
        await LookAsync();

        Assert.Equal((IncidentKind.Difference, 100UL, true), (open.Kind, open.Index, open.IsOpen));
        Assert.Equal([2], open.Nodes);

        replicas.Stands(2, 'a');
        Assert.Empty((await LookAsync()).OpenIncidents);
        Incident known = Assert.Single((await verifier.IncidentsAsync()).Incidents);
        Assert.Equal("The node agrees with the others at entry 100.", known.Outcome);
    }

    [Fact]
    public async Task Replicas_that_differ_without_a_majority_are_one_incident_until_they_agree()
    {
        replicas.IsDown(3);
        replicas.Stands(1, 'a', "NoMajority");
        replicas.Stands(2, 'b', "NoMajority");
        VerifierReport report = await LookAsync();
        await LookAsync();

        Assert.Equal("NoMajority", report.Verdict);
        Assert.Equal(IncidentKind.NoMajority, Assert.Single(report.OpenIncidents).Kind);

        replicas.Stands(2, 'a', "Arbitrating");
        Assert.Single((await LookAsync()).OpenIncidents);
        replicas.Stands(1, 'a');
        replicas.Stands(2, 'a');
        Assert.Empty((await LookAsync()).OpenIncidents);
        Assert.Single((await verifier.IncidentsAsync()).Incidents);
    }

    [Fact]
    public async Task A_halt_is_one_incident_however_it_becomes_known()
    {
        replicas.Stands(3, 'b');
        await LookAsync();
        replicas.Stands(3, 'b', "Diverged");
        Incident seen = Assert.Single((await LookAsync()).OpenIncidents);
        Assert.Equal((IncidentKind.Halt, ""), (seen.Kind, seen.Class));

        replicas.IsDown(3);
        replicas.Stands(1, 'a', halts: ReplicaSamples.Halt(3));
        replicas.Stands(2, 'a', halts: ReplicaSamples.Halt(3));
        Incident told = Assert.Single((await LookAsync()).OpenIncidents);

        Assert.Equal(("report-of-node3", "memory-corruption"), (told.Id, told.Class));
        Assert.Single((await verifier.IncidentsAsync()).Incidents);
    }

    [Fact]
    public async Task What_the_report_says_is_taken_though_the_halt_was_seen_in_the_same_second()
    {
        replicas.Stands(3, 'b', "Diverged");
        Incident seen = Assert.Single((await LookAsync()).OpenIncidents);

        replicas.IsDown(3);
        replicas.Stands(1, 'a', halts: ReplicaSamples.Halt(3) with { Id = seen.Id });

        Incident told = Assert.Single((await LookAsync()).OpenIncidents);
        Assert.Equal((seen.Id, "memory-corruption"), (told.Id, told.Class));
    }

    [Fact]
    public async Task The_process_that_halts_does_not_end_its_incident_though_it_still_answers()
    {
        replicas.Stands(1, 'a', halts: ReplicaSamples.Halt(3));

        Assert.Single((await LookAsync()).OpenIncidents);
        Assert.Single((await LookAsync()).OpenIncidents);
    }

    [Fact]
    public async Task A_node_that_comes_back_and_agrees_ends_its_incident_and_the_old_notice_does_not_open_it_again()
    {
        replicas.Stands(1, 'a', halts: ReplicaSamples.Halt(3));
        replicas.IsDown(3);
        await LookAsync();

        replicas.Stands(3, 'a', "Unproven", ReplicaSamples.Start.AddHours(1));
        replicas.Last = 120;
        Assert.Empty((await LookAsync()).OpenIncidents);
        Assert.Empty((await LookAsync()).OpenIncidents);

        Incident known = Assert.Single((await verifier.IncidentsAsync()).Incidents);
        Assert.Equal("The node came back and agrees with the others at entry 120.", known.Outcome);
        Assert.NotNull(known.ResolvedAt);
    }

    [Fact]
    public async Task A_halt_of_which_only_whoever_cleared_it_tells_is_known_and_over()
    {
        replicas.Stands(3, 'a', startedAt: ReplicaSamples.Start.AddHours(1), halts: ReplicaSamples.Halt(3, default(DateTimeOffset)));
        await LookAsync();

        Incident known = Assert.Single((await verifier.IncidentsAsync()).Incidents);
        Assert.Equal(("report-of-node3", false), (known.Id, known.IsOpen));
    }

    [Fact]
    public async Task A_node_that_is_removed_ends_its_incident()
    {
        replicas.Stands(1, 'a', halts: ReplicaSamples.Halt(3));
        replicas.IsDown(3);
        await LookAsync();
        replicas.Members = replicas.Members with { Voters = [1, 2], Removed = [3] };

        Assert.Empty((await LookAsync()).OpenIncidents);
    }

    [Fact]
    public async Task Without_a_storage_incidents_are_remembered_and_it_is_said_that_they_are_not_stored()
    {
        replicas.Stands(2, 'b');
        await LookAsync();

        IncidentHistory history = await verifier.IncidentsAsync();
        Assert.Single(history.Incidents);
        Assert.NotNull(history.StorageFailure);
    }

    private async Task<VerifierReport> LookAsync()
    {
        time.Now += GroupVerifier.Interval;
        return await verifier.LookAsync();
    }

    private Task<IReadOnlyList<ReplicaSample>> AskAsync(ulong index)
    {
        comparisons++;
        return replicas.AskAsync(index);
    }

    /// <summary>A clock that the test moves.</summary>
    private sealed class ManualTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = ReplicaSamples.Start.AddMinutes(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.Ticks;
    }
}
