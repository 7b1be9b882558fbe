namespace Lattice.AppHost;

/// <summary>Describes the model to Aspire, which runs it with its dashboard or publishes it. Compiled with <c>-p:UseAspire=true</c> only.</summary>
internal static class AspireRunner
{
    // What a launch profile would say, and may: page, OTLP and resources of the dashboard. Plain HTTP on loopback, so that no certificate has to be made.
    private static readonly (string Name, string Address)[] DashboardAddresses =
    [
        ("ASPNETCORE_URLS", "http://127.0.0.1:15888"),
        ("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "http://127.0.0.1:18889"),
        ("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", "http://127.0.0.1:20888"),
    ];

    /// <summary>Runs or publishes the model, as the arguments say.</summary>
    /// <param name="model">The model.</param>
    /// <param name="arguments">Aspire's own arguments.</param>
    /// <param name="cancellation">Ends what runs.</param>
    /// <exception cref="LatticeCallException">The configuration could not be written.</exception>
    public static async Task<int> RunAsync(ClusterModel model, string[] arguments, CancellationToken cancellation)
    {
        IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = arguments, AllowUnsecuredTransport = true });
        foreach ((string name, string address) in DashboardAddresses)
        {
            builder.Configuration[name] ??= address;
        }

        Describe(builder, model);
        if (builder.ExecutionContext.IsRunMode)
        {
            await LatticeCall.WriteConfigurationsAsync(model, cancellation).ConfigureAwait(false);
        }

        DistributedApplication application = builder.Build();
        await using (application.ConfigureAwait(false))
        {
            await application.RunAsync(cancellation).ConfigureAwait(false);
            return 0;
        }
    }

    /// <summary>Adds everything that the model consists of.</summary>
    internal static void Describe(IDistributedApplicationBuilder builder, ClusterModel model)
    {
        IResourceBuilder<ProjectResource>[] nodes = [.. model.Nodes.Select(node => AddNode(builder, model, node))];
        if (model.Database is { } database)
        {
            AddDatabase(builder, database, nodes);
        }

        AddService(builder, model.Service, nodes);
    }

    private static IResourceBuilder<ProjectResource> AddNode(IDistributedApplicationBuilder builder, ClusterModel model, NodeModel node)
    {
        // The node has its addresses from its configuration file, not from the environment, and nothing stands between it and its ports.
        IResourceBuilder<ProjectResource> resource = builder.AddProject<Projects.Lattice_Cli>(node.Name, launchProfileName: null)
            .WithArgs([.. model.StartArguments(node)])
            .WithEndpointsInEnvironment(_ => false);
        foreach ((string name, string value) in model.Environment)
        {
            resource.WithEnvironment(name, value);
        }

        foreach (EndpointModel endpoint in node.Endpoints)
        {
            resource.WithEndpoint(endpoint.Port, endpoint.Port, endpoint.Scheme, endpoint.Name, isProxied: false);
        }

        foreach (NodeCommand command in node.Commands)
        {
            resource.WithCommand(command.Name, command.Title, context => ExecuteAsync(model, command, context), new CommandOptions { Description = command.Meaning });
        }

        return resource.WithHttpHealthCheck(NodeModel.HealthPath, endpointName: node.Metrics.Name);
    }

    private static void AddDatabase(IDistributedApplicationBuilder builder, DatabaseModel model, IResourceBuilder<ProjectResource>[] nodes)
    {
        IResourceBuilder<PostgresServerResource> server = builder.AddPostgres(model.Server, port: model.Port);
        IResourceBuilder<PostgresDatabaseResource> database = server.AddDatabase(model.Name);
        foreach (IResourceBuilder<ProjectResource> node in nodes)
        {
            // The reference says that the node depends on it; what the node reads of it is the password.
            node.WithReferenceEnvironment(ReferenceEnvironmentInjectionFlags.ConnectionString)
                .WithReference(database)
                .WithEnvironment(DatabaseModel.PasswordVariable, server.Resource.PasswordParameter)
                .WaitFor(database);
        }
    }

    private static void AddService(IDistributedApplicationBuilder builder, ServiceModel model, IResourceBuilder<ProjectResource>[] nodes)
    {
        IResourceBuilder<ProjectResource> service = builder.AddProject<Projects.WebService>(model.Name, launchProfileName: null)
            .WithEndpoint(model.Http.Port, model.Http.Port, model.Http.Scheme, model.Http.Name, isProxied: false);
        foreach ((string name, string value) in model.Environment)
        {
            service.WithEnvironment(name, value);
        }

        foreach ((int place, IResourceBuilder<ProjectResource> node) in nodes.Index())
        {
            EndpointReference gateway = node.GetEndpoint("gateway");
            service.WithEnvironment(ServiceModel.GatewayVariable(place), gateway.Property(EndpointProperty.HostAndPort)).WaitFor(node);
        }
    }

    private static async Task<ExecuteCommandResult> ExecuteAsync(ClusterModel model, NodeCommand command, ExecuteCommandContext context)
    {
        LatticeCall call = await LatticeCall.RunAsync(model, command.Arguments, context.CancellationToken).ConfigureAwait(false);
        return call.Succeeded ? CommandResults.Success(call.Output) : CommandResults.Failure(call.Output);
    }
}
