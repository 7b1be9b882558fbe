using Lattice.Client;
using Lattice.Cluster.Tests.Harness;
using Lattice.Cluster.Tests.Membership;
using Lattice.Silo.Configuration;

namespace Lattice.Cluster.Tests.Cluster;

/// <summary>A cluster whose membership is in PostgreSQL.</summary>
public sealed class PostgreSqlClusterTests
{
    [SkippableFact]
    public async Task Reads_and_writes_go_on_while_PostgreSQL_is_stopped_and_a_node_starts_when_it_is_back()
    {
        using var server = new PrivatePostgreSql();
        await using var cluster = new TestCluster(database: new MembershipSettings(MembershipProvider.PostgreSql, server.NewDatabase()));
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await using LatticeClient client = await cluster.ConnectAsync();
        await using var load = new Writers(client, 8);
        await load.UntilMoreAsync(100);

        server.Stop();
        // Until every silo has noticed: each looks at the table every five seconds.
        await Task.Delay(TimeSpan.FromSeconds(6));
        await load.UntilMoreAsync(300);
        await cluster.StopAsync(3);
        await load.UntilMoreAsync(300);
        server.Start();
        await cluster.StartAsync(3);
        await cluster.WaitUntilLedAsync();
        await load.UntilMoreAsync(100);

        await load.VerifyAsync();
        await using LatticeClient through3 = await cluster.ConnectAsync(3);
        await TestCluster.WaitForStatusAsync(through3, s => s.Nodes.Count == 3 && s.Nodes.All(n => n.Reachable), "the node that started sees all others");
    }
}
