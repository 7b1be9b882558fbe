using System.Globalization;
using Lattice.Core.Verification;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.AI;

namespace Lattice.Silo.Analysis;

/// <summary>
/// Analyses divergence reports: by rules always, and beside them by the language model of <c>[ai]</c> if there is one. Whatever happens on the way to the model, the rules'
/// analysis stays, with a sentence that says why the model's is missing.
/// </summary>
/// <param name="settings"><c>[ai]</c></param>
/// <param name="redactValues">Whether no value may leave the node.</param>
/// <param name="time">Measures the time-out.</param>
/// <param name="variable">Reads an environment variable: the only place where the key is looked for.</param>
public sealed class DivergenceAnalyst(AiSettings settings, bool redactValues, TimeProvider time, Func<string, string?> variable)
{
    /// <summary>Analyses a report. Takes no longer than the time-out of <c>[ai]</c>, and asks the model once.</summary>
    public async Task<ReportedAnalysis> AnalyzeAsync(DivergenceReport report, CancellationToken cancellationToken)
    {
        var analysis = new ReportedAnalysis { Rules = RuleBasedAnalyzer.Analyze(report) };
        if (settings.Provider == AiProvider.None)
        {
            return analysis;
        }

        analysis = analysis with { ModelName = $"{settings.Provider.ToString().ToLowerInvariant()} {settings.Model}" };
        try
        {
            return analysis with { Model = await AskAsync(report, analysis.Rules.NextSteps, cancellationToken).ConfigureAwait(false) };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return analysis with { ModelAbsence = WhyAbsent(e) };
        }
    }

    private async Task<DivergenceAnalysis> AskAsync(DivergenceReport report, IReadOnlyList<string> nextSteps, CancellationToken cancellationToken)
    {
        string? key = settings.ApiKeyVariable.Length == 0 ? null : variable(settings.ApiKeyVariable);
        if (settings.ApiKeyVariable.Length > 0 && string.IsNullOrWhiteSpace(key))
        {
            throw new ModelUnavailableException($"The environment variable {settings.ApiKeyVariable}, which is to hold the key, is not set.");
        }

        using var timeout = new CancellationTokenSource(settings.Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var http = new HttpClient(new ModelHttpHandler()) { Timeout = Timeout.InfiniteTimeSpan };
        using IChatClient client = ChatClientFactory.Create(settings, key?.Trim(), http);
        try
        {
            ChatResponse response = await client.GetResponseAsync(
                [new ChatMessage(ChatRole.System, AnalysisPrompt.Instructions), new ChatMessage(ChatRole.User, AnalysisPrompt.Evidence(report, redactValues))],
                new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(ModelAnswer.Schema, ModelAnswer.SchemaName) },
                linked.Token).ConfigureAwait(false);
            ThrowIfRefused(response);
            return ModelAnswer.Read(response.Text, nextSteps);
        }
        catch (Exception e) when (timeout.IsCancellationRequested && e is not ModelUnavailableException)
        {
            throw new ModelUnavailableException(string.Create(CultureInfo.InvariantCulture, $"The model did not answer within {settings.Timeout.TotalSeconds:0} s."), e);
        }
    }

    private static void ThrowIfRefused(ChatResponse response)
    {
        if (response.FinishReason == ChatFinishReason.ContentFilter || response.Messages.Any(m => m.Contents.Any(c => c is ErrorContent)))
        {
            throw new ModelUnavailableException("The model refused to answer.");
        }

        if (response.FinishReason == ChatFinishReason.Length)
        {
            throw new ModelUnavailableException("The model's answer was cut off before its end.");
        }
    }

    // Clients wrap what the network said in exceptions of their own, and some quote requests; only what is known to be harmless is repeated.
    private static string WhyAbsent(Exception failure)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case ModelUnavailableException known:
                    return known.Message;
                case HttpRequestException network:
                    return $"The endpoint could not be reached, or did not answer as HTTP demands ({network.HttpRequestError}).";
            }
        }

        return $"The endpoint's answer could not be understood ({failure.GetType().Name}).";
    }
}
