using System.Globalization;
using Lattice.Client;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

// Gateways of the cluster: from the configuration (Lattice:Gateways:0, ...), else those of a cluster on this machine.
builder.Services.AddLatticeClient(options =>
{
    string[] gateways = builder.Configuration.GetSection("Lattice:Gateways").Get<string[]>() ?? ["127.0.0.1:30001", "127.0.0.1:30002", "127.0.0.1:30003"];
    foreach (string gateway in gateways)
    {
        options.Gateways.Add(gateway);
    }
});

WebApplication app = builder.Build();

app.MapGet("/records/{key}", async (string key, LatticeClient lattice, HttpResponse response, CancellationToken cancellation) =>
{
    if (await lattice.GetAsync(key, cancellation: cancellation) is not { } record)
    {
        return Results.NotFound();
    }

    response.Headers.ETag = $"\"{record.Revision.ToString(CultureInfo.InvariantCulture)}\"";
    return Results.Text(record.Text);
});

// With If-Match the record is set only if it still has the revision that the caller has seen.
app.MapPut("/records/{key}", async (string key, HttpRequest request, LatticeClient lattice, CancellationToken cancellation) =>
{
    using var reader = new StreamReader(request.Body);
    string value = await reader.ReadToEndAsync(cancellation);
    if (request.Headers.IfMatch.Count == 0)
    {
        return Results.Text((await lattice.PutAsync(key, value, cancellation: cancellation)).ToString(CultureInfo.InvariantCulture));
    }

    if (!ulong.TryParse(request.Headers.IfMatch[0]!.Trim('"'), CultureInfo.InvariantCulture, out ulong revision))
    {
        return Results.BadRequest("If-Match has to be a revision, as GET gives it in ETag.");
    }

    CompareAndSetResult result = await lattice.CompareAndSetAsync(key, Expected.Revision(revision), value, cancellation: cancellation);
    return result.Succeeded ? Results.Text(result.Revision.ToString(CultureInfo.InvariantCulture)) : Results.StatusCode(StatusCodes.Status412PreconditionFailed);
});

app.MapDelete("/records/{key}", async (string key, LatticeClient lattice, CancellationToken cancellation) =>
    await lattice.DeleteAsync(key, cancellation) ? Results.NoContent() : Results.NotFound());

await app.RunAsync();
