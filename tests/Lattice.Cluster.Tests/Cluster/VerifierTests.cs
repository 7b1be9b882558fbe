using Lattice.Client;
using Lattice.Cluster.Tests.Harness;
using Lattice.Grains;
using Lattice.Grains.Verification;
using Microsoft.Extensions.DependencyInjection;

namespace Lattice.Cluster.Tests.Cluster;

/// <summary>What the verifiers of a cluster find, and that it outlasts the nodes on which they are.</summary>
public sealed class VerifierTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_verifiers_compare_all_replicas_of_all_groups_while_they_are_written_to()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await using LatticeClient client = await cluster.ConnectAsync();
        await using var load = new Writers(client, 4);
        await load.UntilMoreAsync(50);

        ClusterStatus first = await TestCluster.WaitForStatusAsync(client, status => Reports(status).Where(AllAgree).Select(r => r.Group).Distinct().Count() == 3, "every group's replicas are seen to agree");
        await load.UntilMoreAsync(200);

        // A former leader of the group has a report, too.
        ulong before = Reports(first).Where(r => r.Group == 1).Max(r => r.AgreedIndex);
        await TestCluster.WaitForStatusAsync(client, status => Reports(status).Any(r => r.Group == 1 && AllAgree(r) && r.AgreedIndex > before), "they are seen to agree at a later entry");
        await load.VerifyAsync();

        Assert.All(first.Nodes, node => Assert.All(node.Groups, group => Assert.Equal(("Agrees", true), (group.Verification, group.Serves))));
        Assert.Empty((await client.IncidentsAsync()).Incidents);
    }

    [Fact]
    public async Task An_incident_outlasts_the_node_that_knew_it_and_ends_when_the_halted_one_is_back()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await using LatticeClient client = await cluster.ConnectAsync();
        await cluster.StopAsync(3);
        cluster[1].Services.GetRequiredService<HaltNotices>().Add(new Incident
        {
            Id = "report-of-node3",
            At = DateTimeOffset.UtcNow,
            Group = 1,
            Kind = IncidentKind.Halt,
            Nodes = [3],
            Class = "memory-corruption",
            Report = "divergence-report.json",
            ProcessStartedAt = DateTimeOffset.UtcNow,
        });
        await IncidentAsync(client, open: true);
        await TestCluster.WaitForStatusAsync(client, status => Reports(status).Any(r => r.OpenIncidents.Any(i => i.Nodes.Contains(3))), "the status names the halted node");

        await cluster.StopAsync(1);
        await cluster.StartAsync(1);
        await IncidentAsync(client, open: true);
        await cluster.StopAsync(2);
        await cluster.StartAsync(2);
        await IncidentAsync(client, open: true);

        await cluster.StartAsync(3);
        Incident over = await IncidentAsync(client, open: false);
        Assert.Contains("came back", over.Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drill_that_is_refused_stands_in_the_audit()
    {
        await using var cluster = new TestCluster(nodes: 1);
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await using LatticeClient client = await cluster.ConnectAsync();

        DrillReply reply = await client.DrillAsync(1, "memory", 1, "tester@here");

        Assert.False(reply.IsDone);
        OperationHistory history = await Eventually.Holds(() => client.OperationsAsync(), h => h.Events.Count > 0, Patience, "the audit knows of it");
        AuditEvent refused = Assert.Single(history.Events);
        Assert.Equal(("tester@here", "drill 1 memory --group 1", "refused"), (refused.Who, refused.What, refused.Event));
        Assert.Equal(reply.Message, refused.Detail);
    }

    private static List<VerifierReport> Reports(ClusterStatus status) => [.. status.Nodes.SelectMany(n => n.Verifiers)];

    private static bool AllAgree(VerifierReport report) => report is { Verdict: "Agree", NotCompared.Count: 0, Compared.Count: 3 };

    private static async Task<Incident> IncidentAsync(LatticeClient client, bool open) =>
        (await Eventually.Holds(
            () => client.IncidentsAsync(),
            history => history.Incidents is [{ Id: "report-of-node3" } incident] && incident.IsOpen == open,
            Patience,
            $"the incident is known and {(open ? "open" : "over")}")).Incidents[0];
}
