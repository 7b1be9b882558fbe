using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Lattice.AppHost;

namespace Lattice.Cli.Tests.AppHost;

/// <summary>What Aspire is told is what the model says. Compiled with <c>-p:UseAspire=true</c> only.</summary>
public sealed class AspireRunnerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Every_node_of_the_model_is_a_resource(int nodes)
    {
        ClusterModel model = ClusterModel.OnLoopback("/somewhere", nodes, postgreSql: true);
        IResourceCollection resources = Describe(model);

        Assert.Equal(model.Nodes.Select(n => n.Name).Append(model.Service.Name), resources.OfType<ProjectResource>().Select(r => r.Name));
        foreach (NodeModel node in model.Nodes)
        {
            ProjectResource resource = Project(resources, node.Name);

            Assert.Equal(
                node.Endpoints.Select(e => (e.Name, e.Scheme, (int?)e.Port, (int?)e.Port, ProtocolType.Tcp)),
                resource.Annotations.OfType<EndpointAnnotation>().Select(e => (e.Name, e.UriScheme, e.Port, e.TargetPort, e.Protocol)));
            Assert.Equal(model.StartArguments(node), await ArgumentsAsync(resource));
            Assert.Superset(node.Commands.Select(c => c.Name).ToHashSet(), resource.Annotations.OfType<ResourceCommandAnnotation>().Select(c => c.Name).ToHashSet());
            Assert.Single(resource.Annotations.OfType<HealthCheckAnnotation>());
        }
    }

    [Fact]
    public void Nodes_wait_for_the_database_and_the_sample_for_the_nodes()
    {
        ClusterModel model = ClusterModel.OnLoopback("/somewhere", 3, postgreSql: true);
        IResourceCollection resources = Describe(model);

        Assert.All(model.Nodes, node => Assert.Contains(model.Database!.Name, WaitsFor(Project(resources, node.Name))));
        Assert.Equal(model.Nodes.Select(n => n.Name), WaitsFor(Project(resources, model.Service.Name)));
    }

    [Fact]
    public void With_SQLite_there_is_no_server_of_a_database()
    {
        ClusterModel model = ClusterModel.OnLoopback("/somewhere", 3, postgreSql: false);
        IResourceCollection resources = Describe(model);

        Assert.Empty(resources.OfType<PostgresServerResource>());
        Assert.Empty(WaitsFor(Project(resources, model.Nodes[0].Name)));
    }

    private static IResourceCollection Describe(ClusterModel model)
    {
        IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { AssemblyName = typeof(ClusterModel).Assembly.GetName().Name, DisableDashboard = true });
        AspireRunner.Describe(builder, model);
        return builder.Resources;
    }

    private static ProjectResource Project(IResourceCollection resources, string name) => Assert.Single(resources.OfType<ProjectResource>(), r => r.Name == name);

    private static IEnumerable<string> WaitsFor(ProjectResource resource) => resource.Annotations.OfType<WaitAnnotation>().Select(w => w.Resource.Name);

    private static async Task<IEnumerable<string>> ArgumentsAsync(ProjectResource resource)
    {
        var context = new CommandLineArgsCallbackContext([], resource, CancellationToken.None);
        foreach (CommandLineArgsCallbackAnnotation annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        return context.Args.Cast<string>();
    }
}
