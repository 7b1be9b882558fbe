using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Http.Headers;
using Anthropic;
using Anthropic.Core;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OpenAI;

namespace Lattice.Silo.Analysis;

/// <summary>Makes the client of the language model that <c>[ai]</c> names.</summary>
internal static class ChatClientFactory
{
    // The client insists on a key; an endpoint that needs none ignores it.
    private const string NoKey = "none";

    private const int MostAnswerTokens = 4096;

    private static readonly Uri LocalOllama = new("http://127.0.0.1:11434");

    /// <summary>Makes the client. One attempt is one request: none of the clients tries again.</summary>
    /// <param name="settings">Provider, endpoint and model.</param>
    /// <param name="key">The key; null: none is sent.</param>
    /// <param name="http">What requests are sent with; stays the caller's.</param>
    public static IChatClient Create(AiSettings settings, string? key, HttpClient http) => settings.Provider switch
    {
        AiProvider.OpenAi => OpenAi(settings, key, http),
        AiProvider.Anthropic => Anthropic(settings, key, http),
        AiProvider.Ollama => Ollama(settings, key, http),
        _ => throw new ArgumentException($"No language model is configured ([ai] provider is {settings.Provider}).", nameof(settings)),
    };

    private static IChatClient OpenAi(AiSettings settings, string? key, HttpClient http)
    {
        var options = new OpenAIClientOptions
        {
            Endpoint = settings.Endpoint,
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        };
        return new OpenAIClient(new ApiKeyCredential(key ?? NoKey), options).GetChatClient(settings.Model).AsIChatClient();
    }

    private static IChatClient Anthropic(AiSettings settings, string? key, HttpClient http)
    {
        // A key that is null is none: the client must not look for one by itself.
        var options = new ClientOptions { ApiKey = key, HttpClient = http, MaxRetries = 0, Timeout = settings.Timeout };
        if (settings.Endpoint is { } endpoint)
        {
            options.BaseUrl = endpoint.AbsoluteUri.TrimEnd('/');
        }

        return new AnthropicClient(options).AsIChatClient(settings.Model, MostAnswerTokens);
    }

    private static OllamaApiClient Ollama(AiSettings settings, string? key, HttpClient http)
    {
        http.BaseAddress = settings.Endpoint ?? LocalOllama;
        http.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return new OllamaApiClient(http, settings.Model);
    }
}
