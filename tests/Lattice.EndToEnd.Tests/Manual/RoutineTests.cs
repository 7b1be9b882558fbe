using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>What the operations manual has done every day, week and month.</summary>
[Trait("Share", "Full")]
public sealed class RoutineTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task The_daily_weekly_and_monthly_tasks_run_as_they_are_written()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.LookInTheMorning();
        cluster.MaintainWeekly();
        cluster.MaintainMonthly();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public async Task The_health_check_raises_an_alarm_when_a_node_is_missing_and_when_nothing_answers()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        cluster.Shell("systemctl stop lattice@2");
        Assert.Contains("ALERT", cluster.Follow("health-monitoring", "STATUS="), StringComparison.Ordinal);
        await cluster.StopLoadAsync();
        cluster.Shell("systemctl stop lattice@1; systemctl stop lattice@3");
        Assert.Contains("ALERT", cluster.FollowWithoutClients("health-monitoring", "STATUS="), StringComparison.Ordinal);
        Assert.Equal(2, File.ReadAllLines(cluster.Machine.PathOf("/var/sent")).Length);
    }

    [SkippableFact]
    public async Task A_node_tells_the_service_manager_that_it_serves_and_that_it_is_alive()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);
        Harness.Eventually.Holds(() => cluster.Services[1].Heartbeats, n => n > 2, TimeSpan.FromMinutes(1));
    }
}
