using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>A year of a cluster whose operator has only the manual.</summary>
[Trait("Share", "Full")]
public sealed class YearTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    [SkippableFact]
    public async Task All_procedures_of_the_manual_in_its_order_lose_nothing_and_those_that_are_planned_are_hardly_noticed()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output, apart: 3, Pace, ["verification.allow_drills=true", .. ManualProcedures.ForSmallVolumes]);
        cluster.LookInTheMorning();
        cluster.MaintainWeekly();
        cluster.MaintainMonthly();

        cluster.AddNode4();
        cluster.RemoveNode3(left: 3);
        cluster.ReplaceNode4ByNode3();
        cluster.RestartAll();
        cluster.MoveLeadershipToNode2();

        cluster.RestoreNode2WhoseLogIsDamaged();
        cluster.HealSplitNetwork();
        cluster.TuneSlowNode1();
        cluster.RestoreNode1WhichDiverged();
        cluster.PutOnSmallVolume(1);
        cluster.MakeRoomOnNode1();
        cluster.MoveToLargerVolume(1);

        cluster.Tune("throughput");
        cluster.Tune("latency");
        cluster.Tune("memory");

        await cluster.ComeBackFromBackupsAsync();
        cluster.StartLoad();
        cluster.SeedNode2FromNode1();

        cluster.ChangeConfigurationAndRollBack();
        cluster.UpdateSoftware();
        cluster.LookInTheMorning();
        await cluster.VerifyAsync();
    }
}
