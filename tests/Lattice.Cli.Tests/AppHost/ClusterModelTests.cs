using Lattice.AppHost;
using Lattice.Cli.Commands;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Tests.AppHost;

/// <summary>What the model says of the nodes is what <c>lattice</c> makes of it, whoever runs them.</summary>
public sealed class ClusterModelTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("lattice-model-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(ClusterModel.MostNodes)]
    public async Task Nodes_listen_where_the_model_says(int nodes)
    {
        ClusterModel model = ClusterModel.OnLoopback(root, nodes, postgreSql: false);

        foreach (NodeModel node in model.Nodes)
        {
            NodeSettings settings = await GenerateAsync(model, node);

            Assert.Equal(model.Nodes.Select(n => (n.Id, n.Silo.Address, n.Gateway.Address)), settings.Cluster.Peers.Select(p => (p.Id, p.Address, p.Gateway)));
            Assert.Equal(node.Metrics.Address, settings.MetricsAddress);
            Assert.Equal(MembershipProvider.Sqlite, settings.Membership.Provider);
        }
    }

    [Fact]
    public async Task The_password_of_the_database_stands_in_no_file()
    {
        ClusterModel model = ClusterModel.OnLoopback(root, 3, postgreSql: true);

        foreach (NodeModel node in model.Nodes)
        {
            NodeSettings settings = await GenerateAsync(model, node);

            Assert.Equal(new MembershipSettings(MembershipProvider.PostgreSql, model.Database!.Connection), settings.Membership);
            Assert.DoesNotContain("password", settings.Membership.Connection, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void Calls_of_the_model_are_commands_of_the_tool()
    {
        ClusterModel model = ClusterModel.OnLoopback(root, 3, postgreSql: false);

        foreach (NodeModel node in model.Nodes)
        {
            Assert.All([model.StartArguments(node), .. node.Commands.Select(c => c.Arguments)], arguments => Assert.Empty(LatticeCommand.Create(Shell()).Parse([.. arguments]).Errors));
        }
    }

    [Fact]
    public async Task The_sample_is_told_of_the_cluster_that_the_nodes_form()
    {
        ClusterModel model = ClusterModel.OnLoopback(root, 3, postgreSql: false);
        ClusterSettings cluster = (await GenerateAsync(model, model.Nodes[0])).Cluster;

        Dictionary<string, string> environment = ProcessRunner.ServiceEnvironment(model);

        Assert.Equal(cluster.Name, environment["Lattice__ClusterName"]);
        Assert.Equal(cluster.Peers.Select(p => p.Gateway), Enumerable.Range(0, 3).Select(i => environment[$"Lattice__Gateways__{i}"]));
    }

    private async Task<NodeSettings> GenerateAsync(ClusterModel model, NodeModel node)
    {
        Assert.Equal(0, await LatticeCommand.Create(Shell()).Parse([.. model.GenerateArguments(node)]).InvokeAsync());
        SettingsResult result = SettingsFile.Load(model.ConfigurationOf(node), node.Id, new LatticePaths(root));
        Assert.Empty(result.Errors);
        return result.Settings!;
    }

    private Shell Shell() => new() { Out = TextWriter.Null, Error = TextWriter.Null, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null, IsTerminal = false, Paths = new LatticePaths(root) };
}
