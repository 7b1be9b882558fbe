using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>The common procedures of the operations manual: members come and go, nodes restart, leaders move, and clients hardly notice.</summary>
[Trait("Share", "Full")]
public sealed class MembershipTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task A_fourth_node_is_added_by_the_files_alone()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.AddNode4();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_node_is_removed()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.RemoveNode3(left: 2);
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task All_nodes_restart_one_after_the_other()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.RestartAll();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task Leadership_is_moved_to_node_2()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.MoveLeadershipToNode2();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task A_configuration_is_changed_and_rolled_back()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.ChangeConfigurationAndRollBack();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task The_binary_is_replaced_node_by_node()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.UpdateSoftware();
        await cluster.VerifyAsync();
    }

    [SkippableTheory]
    [InlineData("throughput")]
    [InlineData("latency")]
    [InlineData("memory")]
    public async Task A_tuning_of_the_manual_is_accepted_and_runs(string tuning)
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.Tune(tuning);
        await cluster.VerifyAsync();
    }
}
