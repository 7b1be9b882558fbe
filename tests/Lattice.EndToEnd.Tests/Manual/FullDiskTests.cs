using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>
/// Nodes on small file systems that fill up while clients read and write: the volume is told of in time, whoever has room leads, what frees room works, and
/// nothing that was acknowledged is lost.
/// </summary>
[Trait("Share", "Full")]
public sealed class FullDiskTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task A_leader_without_room_hands_over_and_heals_by_the_manuals_procedure()
    {
        await using ManualCluster cluster = await StartOnSmallVolumesAsync(1);
        cluster.WaitForWrites(3_000);
        cluster.MakeRoomOnNode1();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task When_no_node_has_room_writes_are_refused_and_begin_again_by_themselves()
    {
        await using ManualCluster cluster = await StartOnSmallVolumesAsync(1, 2, 3);
        await cluster.StopLoadAsync();
        cluster.Shell("lattice put key value");
        for (int node = 1; node <= 3; node++)
        {
            cluster.LeaveFree(node, megabytes: 12);
        }

        ProcessResult refused = Eventually.Holds(() => cluster.Machine.Run("lattice", "put", "key", "other"), r => r.ExitCode != 0, TimeSpan.FromSeconds(120));
        Assert.Contains("less than [storage] reserve_mb = 16", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("nothing was done", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("MiB free on the volume of /var/lib/lattice/node-", refused.Errors, StringComparison.Ordinal);
        output.WriteLine(refused.Errors);

        // Everything else goes on, also through another election.
        string before = cluster.Shell("lattice get key");
        cluster.Shell("lattice admin snapshot 2; lattice admin compact-log 2 1000; systemctl restart lattice@1; systemctl restart lattice@3");
        Eventually.Holds(() => cluster.Machine.Run("lattice", "get", "key"), r => r.Output == before, TimeSpan.FromSeconds(120));
        cluster.Shell("rm /var/lib/lattice/node-*/ballast*");
        Eventually.Holds(() => cluster.Machine.Run("lattice", "put", "key", "last"), r => r.ExitCode == 0, TimeSpan.FromSeconds(120));
        cluster.WaitUntilHealthy("Quorum: 3/3");
        await cluster.VerifyAcknowledgedAsync();
    }

    private async Task<ManualCluster> StartOnSmallVolumesAsync(params int[] nodes)
    {
        ManualCluster cluster = await ManualCluster.StartAsync(output, ManualProcedures.ForSmallVolumes);
        foreach (int node in nodes)
        {
            cluster.PutOnSmallVolume(node);
        }

        return cluster;
    }
}
