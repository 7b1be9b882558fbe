using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lattice.Silo.Page;

/// <summary>
/// The operator's page: <c>/</c> at <c>[metrics] address</c>, its files below <c>/page/</c>, what it shows at <c>/api/cluster</c>. It only reads. Everything comes out
/// of the binary, and the browser is told to take nothing from anywhere else.
/// </summary>
internal static class OperatorPage
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void AddTo(IServiceCollection services) => services.AddSingleton<ClusterWatch>();

    public static void Map(WebApplication app)
    {
        foreach (PageAsset asset in PageAsset.ReadAll())
        {
            app.MapGet(asset.Name == PageAsset.Index ? "/" : $"/page/{asset.Name}", context => SendAsync(context, asset));
        }

        app.MapGet("/api/cluster", context => SendClusterAsync(context, app.Services.GetRequiredService<ClusterWatch>()));
    }

    private static async Task SendAsync(HttpContext context, PageAsset asset)
    {
        Protect(context.Response.Headers);
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.ETag = asset.Tag;
        if (context.Request.Headers.IfNoneMatch == asset.Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = asset.ContentType;
        context.Response.ContentLength = asset.Content.Length;
        await context.Response.Body.WriteAsync(asset.Content, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task SendClusterAsync(HttpContext context, ClusterWatch watch)
    {
        Protect(context.Response.Headers);
        context.Response.Headers.CacheControl = "no-store";
        string? asked = context.Request.Query["after"];
        if (!long.TryParse(asked ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out long after))
        {
            await TellAsync(context, StatusCodes.Status400BadRequest, "'after' has to be a moment in milliseconds since 1970.").ConfigureAwait(false);
        }
        else if (await watch.LookAsync(after).ConfigureAwait(false) is { } report)
        {
            await context.Response.WriteAsJsonAsync(report, PageJson.Default.PageReport, cancellationToken: context.RequestAborted).ConfigureAwait(false);
        }
        else
        {
            await TellAsync(context, StatusCodes.Status503ServiceUnavailable, "This node is being started or stopped. Ask again in a moment, or ask another node.").ConfigureAwait(false);
        }
    }

    private static async Task TellAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(message, context.RequestAborted).ConfigureAwait(false);
    }

    private static void Protect(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }
}
