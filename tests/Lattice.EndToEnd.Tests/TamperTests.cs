using System.Collections.Concurrent;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;
using static Lattice.EndToEnd.Tests.Harness.Tampering;

namespace Lattice.EndToEnd.Tests;

/// <summary>
/// Somebody changes what a stopped node holds, through RocksDB, while the others are written to. Started again, the node notices before it serves anything of it. One cluster takes all of
/// it in turn.
/// </summary>
[Trait("Share", "Full")]
public sealed class TamperTests(ITestOutputHelper output)
{
    private const int Writers = 4;

    /// <summary>What the check of the whole state at the start has to find.</summary>
    private static readonly (string What, Action<StoppedState> Tamper)[] AtStart =
    [
        ("a bit of a value changes on the disk", s => s.FlipValue(Key)),
        ("a record is lost", s => s.Lose(Key)),
        ("a record is replaced by another one that vouches for itself", s => s.Overwrite(Key, Lie, revision: 1)),
        ("a removed record is back", s => s.Overwrite(Removed, Value, revision: 1)),
        ("a bit of the row that says what the state stands for changes", s => s.FlipFirst(RowKind.Meta)),
        ("a bit of the row that names the epoch changes", s => s.FlipRoot()),
        ("a bit of the stored configuration changes", s => s.FlipFirst(RowKind.Configuration)),
        ("a bit of a stored session changes", s => s.FlipFirst(RowKind.Session)),
        ("a session is lost", s => s.LoseFirst(RowKind.Session)),
        ("a row of the expiry index is lost", s => s.LoseFirst(RowKind.Expiry)),
        ("a bit of a stored digest changes", s => s.FlipDigest(Key)),
        ("a stored digest is lost", s => s.LoseFirst(RowKind.Digest)),
        ("the applied index is ahead of the data", s => s.MoveApplied(by: 3, isFitted: false)),
    ];

    [Fact]
    public async Task Whatever_is_changed_on_a_stopped_node_is_found_before_it_is_served()
    {
        using var cluster = new TestCluster(extra: Settings, shards: 1);
        await using TestStore store = await StartAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(200);
        int node = cluster.Nodes.First(n => n != cluster.LeaderOf(Group));

        FindsAtStart(cluster, node, load);
        await FindsAtFirstTouchAsync(cluster, node);
        FindsByScrub(cluster, node);
        await load.StopAsync();
        await load.VerifyAsync(store);
        Assert.Equal(Value, await store.GetAsync(Key));
        await cluster.AssertStatesAreEqualAsync();
    }

    /// <summary>The node never gets up, so its data can be put back each time: it has promised nothing meanwhile.</summary>
    private void FindsAtStart(TestCluster cluster, int node, WriteLoad load)
    {
        cluster[node].Terminate();
        using var before = new DirectoryCopy(cluster.DataOf(node));
        foreach ((string what, Action<StoppedState> tamper) in AtStart)
        {
            using (var state = new StoppedState(cluster.DataOf(node), Group))
            {
                tamper(state);
            }

            cluster.Start(node);
            DivergenceReport report = DivergedNode.HaltsWith(cluster, node, what, DivergenceClass.DiskCorruption, DivergenceComponent.StateStore);
            output.WriteLine($"{what}: {report.Detection.Kind}, {report.Detection.Message}");
            Assert.Equal((DivergencePhase.Boot, (uint?)Group), (report.Detection.Phase, report.Group));
            before.Restore();
        }

        cluster.Start(node);
        cluster.WaitUntilHealthy(Patience);
        load.WaitForMore(100);
    }

    /// <summary>Started without the check of the whole: whoever reads the record through this node gets the right value or none.</summary>
    private async Task FindsAtFirstTouchAsync(TestCluster cluster, int node)
    {
        cluster.Set(node, Full, Background);
        Tamper(cluster, node, s => s.FlipValue(Key));
        cluster.Start(node);
        ConcurrentBag<string?> answers = await ReadUntilItEndsAsync(cluster, node);
        DivergenceReport report = DivergedNode.HaltsWith(cluster, node, "a bit of a value changes on the disk, found by the first read", DivergenceClass.DiskCorruption, DivergenceComponent.StateStore);
        output.WriteLine($"first touch: {report.Detection.Kind} during {report.Detection.Phase}, {answers.Count} answers before");
        Assert.All(answers, answer => Assert.Equal(Value, answer));
        Assert.Equal(Key, report.Keys[0].Key);
        DivergedNode.ComesBack(cluster, node);
    }

    private void FindsByScrub(TestCluster cluster, int node)
    {
        Tamper(cluster, node, s => s.FlipValue(Key));
        cluster.Start(node);
        DivergenceReport report = DivergedNode.HaltsWith(cluster, node, "a bit of a value changes on the disk, found by the scrub", DivergenceClass.DiskCorruption, DivergenceComponent.StateStore);
        output.WriteLine($"untouched: {report.Detection.Kind} during {report.Detection.Phase}");
        Assert.Equal((DivergencePhase.Scrub, Key), (report.Detection.Phase, report.Keys[0].Key));
        DivergedNode.ComesBack(cluster, node);
    }
}
