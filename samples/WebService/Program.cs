using Lattice.Client;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
IConfigurationSection lattice = builder.Configuration.GetSection("Lattice");
builder.Services.AddLatticeClient(options =>
{
    options.ClusterName = lattice["ClusterName"] ?? options.ClusterName;
    foreach (IConfigurationSection gateway in lattice.GetSection("Gateways").GetChildren())
    {
        options.Gateways.Add(gateway.Value!);
    }
});

WebApplication app = builder.Build();

app.MapGet("/records/{key}", async (string key, LatticeClient client, CancellationToken cancellation) =>
    await client.GetAsync(key, cancellation: cancellation) is { } record ? Results.Text(record.Text) : Results.NotFound());

app.MapPut("/records/{key}", async (string key, HttpRequest request, LatticeClient client, CancellationToken cancellation) =>
{
    using var body = new StreamReader(request.Body);
    return Results.Ok(new { revision = await client.PutAsync(key, await body.ReadToEndAsync(cancellation), cancellation: cancellation) });
});

app.MapDelete("/records/{key}", async (string key, LatticeClient client, CancellationToken cancellation) =>
    await client.DeleteAsync(key, cancellation) ? Results.NoContent() : Results.NotFound());

CancellationToken stopping = app.Lifetime.ApplicationStopping;
try
{
    await app.RunAsync();
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    // Stopped while it was still connecting, which ASP.NET Core reports as a start that failed.
}
