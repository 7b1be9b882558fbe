using System.Collections.Concurrent;
using System.Globalization;
using Lattice.Core.Verification;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;
using static Lattice.EndToEnd.Tests.Harness.Tampering;

namespace Lattice.EndToEnd.Tests;

/// <summary>Stopped nodes are changed so well that each is consistent in itself: only the comparison with the others tells.</summary>
[Trait("Share", "Full")]
public sealed class ConsistentTamperTests(ITestOutputHelper output)
{
    private const int Writers = 4;

    /// <summary>What nobody can see on the node alone: it is consistent in itself.</summary>
    private static readonly (string What, bool IsKilled, Action<StoppedState> Tamper)[] AgainstThePeers =
    [
        ("a record is replaced and all hashes are made to fit", false, s => s.Fit(Key, Lie)),
        ("the state lacks what an entry did that it claims to have applied", false, s => s.Fit(Key, "90 coins", revision: 1)),
        ("after a crash the applied index is ahead of the data and the digest fits", true, s => s.MoveApplied(by: 3, isFitted: true)),
    ];

    [Fact]
    public async Task A_state_that_fits_in_itself_but_not_to_the_others_is_found_before_it_is_served()
    {
        using var cluster = new TestCluster(extra: Settings, shards: 1);
        await using TestStore store = await StartAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(200);
        int node = cluster.Nodes.First(n => n != cluster.LeaderOf(Group));
        cluster.Set(node, Full, Background);
        foreach ((string what, bool isKilled, Action<StoppedState> tamper) in AgainstThePeers)
        {
            foreach ((string from, string to) in isKilled ? [(Background, Background)] : new[] { (Background, Full), (Full, Background) })
            {
                cluster.Set(node, from, to);
                load.WaitForMore(200);
                await FindsAgainstThePeersAsync(cluster, node, what, isKilled, tamper);
            }
        }

        await load.StopAsync();
        await load.VerifyAsync(store);
        Assert.Equal(Value, await store.GetAsync(Key));
        await cluster.AssertStatesAreEqualAsync();
    }

    [Fact]
    public async Task Where_two_nodes_were_changed_alike_the_third_stops_and_where_all_were_changed_differently_nothing_is_served()
    {
        using var cluster = new TestCluster(extra: Settings, shards: 1);
        await using TestStore store = await StartAsync(cluster);
        await using var load = new WriteLoad(store, Writers);
        load.Start();
        load.WaitForMore(200);

        // Digests compare, they do not know the truth: the majority is wrong, and the healthy one stops. What was acknowledged beside it stays.
        int healthy = cluster.LeaderOf(Group);
        int[] changed = [.. cluster.Nodes.Where(n => n != healthy)];
        foreach (int node in changed)
        {
            Tamper(cluster, node, s => s.Fit(Key, Lie));
        }

        foreach (int node in changed)
        {
            cluster.Start(node);
        }

        DivergenceReport report = DivergedNode.HaltsWith(cluster, healthy, "two nodes are changed alike, and the healthy one is the minority", DivergenceClass.DiskCorruption, DivergenceComponent.StateStore, isTold: false);
        Assert.Equal(DivergenceVerdict.Minority, report.Verdict);
        Assert.Equal(Key, report.Keys[0].Key);
        load.WaitForMore(200);
        DivergedNode.ComesBack(cluster, healthy);
        await load.StopAsync();
        await load.VerifyAsync(store);
        Assert.Equal(Lie, await store.GetAsync(Key));
        await cluster.AssertStatesAreEqualAsync();

        foreach (int node in cluster.Nodes)
        {
            // Until the second of the two was up, nobody could decide either, and some may have said so.
            if (File.Exists(UndecidedOf(cluster, node)))
            {
                File.Delete(UndecidedOf(cluster, node));
            }

            Tamper(cluster, node, s => s.Fit(Key, string.Create(CultureInfo.InvariantCulture, $"{node}00 coins")));
        }

        cluster.StartAll();
        NobodyServes(cluster);
    }

    /// <summary>Nobody has a majority: neither reads nor writes, each node says so, and none stops.</summary>
    private static void NobodyServes(TestCluster cluster)
    {
        foreach (int node in cluster.Nodes)
        {
            string path = UndecidedOf(cluster, node);
            Eventually.Holds(() => File.Exists(path), written => written, Patience, cluster.Logs);
            DivergenceReport undecided = DivergedNode.Read(path);
            ReportCorpus.Keep(cluster, undecided, "all three nodes are changed differently", DivergenceClass.DiskCorruption, DivergenceComponent.StateStore);
            Assert.Equal((DivergenceVerdict.NoMajority, Group), (undecided.Verdict, undecided.Group));
            Assert.All(undecided.Digests, d => Assert.Null(d.AgreesWithMajority));
            Assert.Contains(Key, undecided.Keys.Select(k => k.Key));
        }

        ProcessResult put = cluster.Run("put", "anything", "1", "--timeout", "5");
        ProcessResult get = cluster.Run("get", Key, "--timeout", "5");
        Assert.True(put.ExitCode != 0 && get.ExitCode != 0 && get.Output.Length == 0, $"{put}\n{get}");
        Assert.All(cluster.Nodes, node => Assert.True(cluster[node].IsRunning && !File.Exists(DivergedNode.ReportOf(cluster, node)), cluster.Logs()));
    }

    private static string UndecidedOf(TestCluster cluster, int node) => Path.Combine(cluster.DataOf(node), DivergentData.FolderName, $"no-majority-group-{Group}.json");

    private async Task FindsAgainstThePeersAsync(TestCluster cluster, int node, string what, bool isKilled, Action<StoppedState> tamper)
    {
        Tamper(cluster, node, tamper, isKilled);
        cluster.Start(node);
        ConcurrentBag<string?> answers = await ReadUntilItEndsAsync(cluster, node);
        DivergenceReport report = DivergedNode.HaltsWith(cluster, node, what, DivergenceClass.DiskCorruption, DivergenceComponent.StateStore);
        output.WriteLine($"{what}: {report.Detection.Kind} during {report.Detection.Phase}, {answers.Count} answers before");

        // Not one read was answered from it: that it is not what the others have is known before it serves.
        Assert.Empty(answers);
        Assert.Equal((DivergenceKind.PeerDigest, DivergencePhase.Boot), (report.Detection.Kind, report.Detection.Phase));
        DivergedNode.ComesBack(cluster, node);
    }
}
