using System.Text.Json;
using System.Text.Json.Nodes;
using Lattice.Silo.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lattice.Cluster.Tests.Analysis;

/// <summary>An HTTP server on this machine that speaks the chat protocols of the providers and answers what a test tells it to.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly List<JsonObject> requests = [];

    private ModelServer(WebApplication application) => this.application = application;

    /// <summary>Requests so far.</summary>
    public IReadOnlyList<JsonObject> Requests
    {
        get
        {
            lock (requests)
            {
                return [.. requests];
            }
        }
    }

    /// <summary>Headers of the last request.</summary>
    public IHeaderDictionary LastHeaders { get; private set; } = new HeaderDictionary();

    /// <summary>What the last request asked for.</summary>
    public string LastPath { get; private set; } = "";

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>A server that answers every request in this way.</summary>
    public static async Task<ModelServer> StartAsync(Func<HttpContext, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var server = new ModelServer(builder.Build());
        server.application.Urls.Add("http://127.0.0.1:0");
        server.application.Run(async context =>
        {
            await server.RecordAsync(context);
            await answer(context);
        });
        await server.application.StartAsync();
        server.Address = new Uri(server.application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return server;
    }

    /// <summary>A server whose model says this.</summary>
    public static Task<ModelServer> SayingAsync(AiProvider provider, string text) => StartAsync(context => SayAsync(context, Answer(provider, text)));

    /// <summary>A server whose model refuses.</summary>
    public static Task<ModelServer> RefusingAsync(AiProvider provider) => StartAsync(context => SayAsync(context, Refusal(provider)));

    /// <summary>A server that answers with an error, and quotes the key in it.</summary>
    public static Task<ModelServer> FailingAsync(int status) => StartAsync(context =>
    {
        context.Response.StatusCode = status;
        return SayAsync(context, new JsonObject { ["error"] = new JsonObject { ["message"] = $"Wrong key: {context.Request.Headers.Authorization} {context.Request.Headers["x-api-key"]}", ["type"] = "error" } });
    });

    public static async Task SayAsync(HttpContext context, JsonObject answer)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString() + "\n", context.RequestAborted);
    }

    public async ValueTask DisposeAsync() => await application.DisposeAsync();

    public static JsonObject Answer(AiProvider provider, string text, string? finish = null) => provider switch
    {
        AiProvider.OpenAi => Choice(new JsonObject { ["role"] = "assistant", ["content"] = text, ["refusal"] = null }, finish ?? "stop"),
        AiProvider.Anthropic => Message(text, finish ?? "end_turn"),
        _ => new JsonObject { ["model"] = "m", ["created_at"] = "2031-01-01T00:00:00Z", ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text }, ["done"] = true, ["done_reason"] = finish ?? "stop" },
    };

    private static JsonObject Refusal(AiProvider provider) => provider switch
    {
        AiProvider.OpenAi => Choice(new JsonObject { ["role"] = "assistant", ["content"] = null, ["refusal"] = "I can't help with that." }, "stop"),
        AiProvider.Anthropic => Message("", "refusal"),
        _ => Answer(provider, "I can't help with that."),
    };

    private static JsonObject Choice(JsonObject message, string finish) => new()
    {
        ["id"] = "chatcmpl-1",
        ["object"] = "chat.completion",
        ["created"] = 1_900_000_000,
        ["model"] = "m",
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = message, ["finish_reason"] = finish }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 1, ["completion_tokens"] = 1, ["total_tokens"] = 2 },
    };

    private static JsonObject Message(string text, string finish) => new()
    {
        ["id"] = "msg_1",
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = "m",
        ["content"] = text.Length == 0 ? [] : new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }),
        ["stop_reason"] = finish,
        ["stop_sequence"] = null,
        ["usage"] = new JsonObject { ["input_tokens"] = 1, ["output_tokens"] = 1 },
    };

    private async Task RecordAsync(HttpContext context)
    {
        LastPath = context.Request.Path;
        LastHeaders = new HeaderDictionary(context.Request.Headers.ToDictionary(h => h.Key, h => h.Value));
        JsonNode? body = await JsonSerializer.DeserializeAsync<JsonNode>(context.Request.Body);
        lock (requests)
        {
            requests.Add(body!.AsObject());
        }
    }
}
