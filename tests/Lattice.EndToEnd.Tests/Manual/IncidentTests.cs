using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>The operations manual's answers to what goes wrong: followed to the letter, they bring the cluster back, with everything that was acknowledged.</summary>
[Trait("Share", "Full")]
public sealed class IncidentTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task A_node_whose_log_is_damaged_is_restored_from_its_backup()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.RestoreNode2WhoseLogIsDamaged();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_network_that_splits_leaves_one_side_that_writes_and_heals()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output, apart: 3, pace: default);
        cluster.HealSplitNetwork();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_node_that_hangs_is_restarted()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.Services[3].Pause();
        Eventually.Holds(() => cluster.Machine.Run("lattice", "status"), r => r.Output.Contains("Node 3: ❌", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        cluster.Shell("systemctl stop lattice@3; systemctl start lattice@3");
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_slow_node_is_looked_at_and_tuned()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.TuneSlowNode1();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_node_that_diverged_stays_down_until_it_is_restored()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output, "verification.allow_drills=true");
        cluster.RestoreNode1WhichDiverged();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_node_with_corrupted_state_is_seeded_by_the_snapshot_of_a_healthy_one()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.SeedNode2FromNode1();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_cluster_that_is_lost_altogether_comes_back_from_its_backups()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        await cluster.ComeBackFromBackupsAsync();
    }
}
