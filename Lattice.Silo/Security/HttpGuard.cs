using System.Text;
using Lattice.Grains.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Lattice.Silo.Security;

/// <summary>
/// Asks for a token over HTTP too: as <c>Authorization: Bearer TOKEN</c>, or as the password that a browser asks its user for. Health and metrics stay open, for those who watch the node:
/// they tell figures, nothing that somebody stored.
/// </summary>
internal sealed class HttpGuard(TokenBook tokens, AccessLog log, TimeProvider time)
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";

    private const int LongestPath = 100;

    private static readonly string[] Open = ["/health", "/metrics"];

    /// <summary>Puts it before everything that is served, where there are tokens.</summary>
    public static void Use(WebApplication app)
    {
        if (app.Services.GetService<TokenBook>() is not { } tokens)
        {
            return;
        }

        var guard = new HttpGuard(tokens, app.Services.GetRequiredService<AccessLog>(), app.Services.GetRequiredService<TimeProvider>());
        app.Use(guard.AskAsync);
    }

    private async Task AskAsync(HttpContext context, RequestDelegate next)
    {
        if (Array.Exists(Open, path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal)))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        string? token = TokenOf(context.Request);
        TokenRecord? bearer = token is null ? null : tokens.Find(token);
        AccessRefusal? refusal = bearer is null ? token is null ? AccessRefusal.TokenMissing : AccessRefusal.TokenUnknown : bearer.RefusalAt(time.GetUtcNow());
        if (refusal is null)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        // A browser that has not asked its user yet is told to, and no sign of somebody who should not be here.
        if (refusal != AccessRefusal.TokenMissing)
        {
            AccessReason reason = refusal switch { AccessRefusal.TokenUnknown => AccessReason.TokenUnknown, AccessRefusal.TokenRevoked => AccessReason.TokenRevoked, _ => AccessReason.TokenExpired };
            log.Call(reason, $"{context.Request.Method} {Shortened(context.Request.Path)}", bearer is null ? "an unknown client" : $"token '{bearer.Name}'", $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}", "its token does not count");
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.Append(HeaderNames.WWWAuthenticate, "Basic realm=\"Lattice: the password is a token, the name does not matter\", charset=\"UTF-8\"");
        await context.Response.WriteAsync("This page asks for a token: as the password, or as 'Authorization: Bearer TOKEN'. 'lattice token create NAME --role read' on a node makes one.\n").ConfigureAwait(false);
    }

    private static string Shortened(string path) => path.Length <= LongestPath ? path : string.Concat(path.AsSpan(0, LongestPath), "…");

    private static string? TokenOf(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return header[Bearer.Length..].Trim();
        }

        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        byte[] decoded = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[Basic.Length..].Trim(), decoded, out int length))
        {
            return "";
        }

        string pair = Encoding.UTF8.GetString(decoded, 0, length);
        return pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }
}
