using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Lattice.Cluster.Tests.Harness;
using Lattice.Core.Consensus;
using Lattice.Core.Verification;
using Lattice.Silo.Analysis;
using Lattice.Silo.Configuration;
using Microsoft.AspNetCore.Http;

namespace Lattice.Cluster.Tests.Analysis;

/// <summary>How a language model is asked, over real HTTP, and what becomes of what it answers.</summary>
public sealed class DivergenceAnalystTests
{
    private const string Key = "sk-this-is-secret";
    private const string KeyVariable = "SOME_KEY";

    private const string GoodAnswer = """
        {
          "rootCause": "Main memory of node 2 flipped a bit of the record 'account/7'.",
          "class": "memory-corruption",
          "component": "state-machine",
          "confidence": 0.9,
          "candidates": [
            { "class": "software-defect", "score": 0.1, "evidenceFor": ["They differ."], "evidenceAgainst": ["Not again."] },
            { "class": "memory-corruption", "score": 0.9, "evidenceFor": ["One bit differs.", "Executing again agrees."], "evidenceAgainst": [] }
          ],
          "suggestedFix": "Test the memory of node 2."
        }
        """;

    private static readonly byte[] Value = "the balance is 100 coins"u8.ToArray();

    public static TheoryData<AiProvider> Providers => [AiProvider.OpenAi, AiProvider.Anthropic, AiProvider.Ollama];

    public static TheoryData<AiProvider, int, string> Errors
    {
        get
        {
            var errors = new TheoryData<AiProvider, int, string>();
            foreach (AiProvider provider in new[] { AiProvider.OpenAi, AiProvider.Anthropic, AiProvider.Ollama })
            {
                errors.Add(provider, 401, "it does not accept the key");
                errors.Add(provider, 429, "it has too many requests, or the account has no credit");
                errors.Add(provider, 500, "it failed itself");
                errors.Add(provider, 404, "it knows no such address or model");
                errors.Add(provider, 400, "it does not accept the request");
            }

            return errors;
        }
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task A_good_answer_stands_beside_that_of_the_rules(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.SayingAsync(provider, GoodAnswer);

        ReportedAnalysis analysis = await AskAsync(provider, server);

        Assert.Null(analysis.ModelAbsence);
        Assert.Equal($"{provider.ToString().ToLowerInvariant()} some-model", analysis.ModelName);
        DivergenceAnalysis model = analysis.Model!;
        Assert.Equal((DivergenceClass.MemoryCorruption, DivergenceComponent.StateMachine, 0.9), (model.Class, model.Component, model.Confidence));
        Assert.Equal("Test the memory of node 2.", model.SuggestedFix);
        Assert.Equal([DivergenceClass.MemoryCorruption, DivergenceClass.SoftwareDefect], model.Candidates.Select(c => c.Class));
        Assert.Equal(["One bit differs.", "Executing again agrees."], model.Candidates[0].EvidenceFor);
        Assert.Equal(analysis.Rules.NextSteps, model.NextSteps);
        Assert.Equal(DivergenceReportJson.Write(RuleBasedAnalyzer.Analyze(Report())), DivergenceReportJson.Write(analysis.Rules));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task The_model_gets_the_evidence_the_words_to_answer_with_and_a_schema(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.SayingAsync(provider, GoodAnswer);

        await AskAsync(provider, server);

        JsonObject request = Assert.Single(server.Requests);
        string body = request.ToJsonString();
        Assert.Equal(provider switch { AiProvider.OpenAi => "/v1/chat/completions", AiProvider.Anthropic => "/v1/messages", _ => "/api/chat" }, server.LastPath);
        Assert.Equal("some-model", request["model"]!.GetValue<string>());
        Assert.Contains("account/7", body, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(Value), body, StringComparison.Ordinal);
        JsonNode? schema = provider switch
        {
            AiProvider.OpenAi => request["response_format"]?["json_schema"]?["schema"],
            AiProvider.Anthropic => request["output_config"]?["format"]?["schema"],
            _ => request["format"],
        };
        Assert.Contains("nondeterministic-command", schema?.ToJsonString() ?? body, StringComparison.Ordinal);
        Assert.NotNull(schema);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task The_key_is_sent_and_is_in_no_report(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.SayingAsync(provider, GoodAnswer);

        ReportedAnalysis analysis = await AskAsync(provider, server);

        Assert.Contains(server.LastHeaders, h => h.Value.ToString().EndsWith(Key, StringComparison.Ordinal));
        Assert.DoesNotContain(Key, server.Requests[0].ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Key, DivergenceReportJson.Write(analysis), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Without_a_variable_for_the_key_none_is_sent(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.SayingAsync(provider, GoodAnswer);

        ReportedAnalysis analysis = await AnalyzeAsync(Settings(provider, server) with { ApiKeyVariable = "" }, redact: false);

        Assert.NotNull(analysis.Model);
        Assert.DoesNotContain(server.LastHeaders, h => h.Value.ToString().Contains(Key, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Values_that_are_to_be_redacted_are_not_sent(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.SayingAsync(provider, GoodAnswer);

        await AnalyzeAsync(Settings(provider, server), redact: true);

        string body = server.Requests[0].ToJsonString();
        Assert.Contains("account/7", body, StringComparison.Ordinal);
        Assert.Contains("valueHash", body, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Value), body, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Flipped()), body, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Garbage_leaves_the_analysis_of_the_rules(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.SayingAsync(provider, "It was probably a cosmic ray.");

        AssertAbsent("The model's answer cannot be used: it is not JSON.", await AskAsync(provider, server));
    }

    [Theory]
    [InlineData("\"memory-corruption\",\n  \"component\"", "\"cosmic-ray\",\n  \"component\"", "does not follow the schema")]
    [InlineData("\"memory-corruption\",\n  \"component\"", "3,\n  \"component\"", "does not follow the schema")]
    [InlineData("\"state-machine\"", "\"heart\"", "does not follow the schema")]
    [InlineData("\"confidence\": 0.9,", "", "does not follow the schema")]
    [InlineData("\"confidence\": 0.9", "\"confidence\": \"high\"", "does not follow the schema")]
    [InlineData("\"confidence\": 0.9", "\"confidence\": 1.5", "not between 0 and 1")]
    [InlineData("\"confidence\": 0.9", "\"confidence\": -0.1", "not between 0 and 1")]
    [InlineData("\"score\": 0.1", "\"score\": 7", "not between 0 and 1")]
    [InlineData("Test the memory of node 2.", "  ", "a sentence is empty")]
    [InlineData("They differ.", "", "a sentence is empty")]
    [InlineData("\"candidates\": [", "\"candidates\": null, \"others\": [", "does not follow the schema")]
    [InlineData("\"component\": ", "\"class\": \"unknown\", \"component\": ", "does not follow the schema")]
    [InlineData("\"suggestedFix\"", "\"\"suggestedFix\"", "does not follow the schema")]
    public async Task An_answer_that_does_not_follow_the_schema_is_left_out(string right, string wrong, string why)
    {
        string answer = GoodAnswer.Replace(right, wrong, StringComparison.Ordinal);
        Assert.NotEqual(GoodAnswer, answer);
        await using ModelServer server = await ModelServer.SayingAsync(AiProvider.OpenAi, answer);

        ReportedAnalysis analysis = await AskAsync(AiProvider.OpenAi, server);

        Assert.Contains(why, analysis.ModelAbsence, StringComparison.Ordinal);
        Assert.Null(analysis.Model);
    }

    [Fact]
    public async Task An_answer_of_endless_sentences_is_left_out()
    {
        await using ModelServer server = await ModelServer.SayingAsync(AiProvider.OpenAi, GoodAnswer.Replace("They differ.", new string('x', 2001), StringComparison.Ordinal));

        Assert.Contains("more than 2000 characters", (await AskAsync(AiProvider.OpenAi, server)).ModelAbsence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_between_fences_is_read_and_what_would_move_a_terminal_is_taken_out()
    {
        string answer = "Here it is:\n```json\n" + GoodAnswer.Replace("Test the memory", @"Test\n\u001b[2Jthe\u202e memory", StringComparison.Ordinal) + "\n```\n";
        await using ModelServer server = await ModelServer.SayingAsync(AiProvider.Ollama, answer);

        Assert.Equal("Test  [2Jthe  memory of node 2.", (await AskAsync(AiProvider.Ollama, server)).Model!.SuggestedFix);
    }

    [Theory]
    [InlineData(AiProvider.OpenAi, "The model refused to answer.")]
    [InlineData(AiProvider.Anthropic, "The model refused to answer.")]
    [InlineData(AiProvider.Ollama, "The model's answer cannot be used: it is not JSON.")]
    public async Task A_refusal_leaves_the_analysis_of_the_rules(AiProvider provider, string sentence)
    {
        await using ModelServer server = await ModelServer.RefusingAsync(provider);

        AssertAbsent(sentence, await AskAsync(provider, server));
    }

    [Theory]
    [InlineData(AiProvider.OpenAi, "length")]
    [InlineData(AiProvider.Anthropic, "max_tokens")]
    [InlineData(AiProvider.Ollama, "length")]
    public async Task An_answer_that_was_cut_off_leaves_the_analysis_of_the_rules(AiProvider provider, string finish)
    {
        await using ModelServer server = await ModelServer.StartAsync(context => ModelServer.SayAsync(context, ModelServer.Answer(provider, GoodAnswer[..100], finish)));

        AssertAbsent("The model's answer was cut off before its end.", await AskAsync(provider, server));
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task An_http_error_is_named_asked_once_and_not_quoted(AiProvider provider, int status, string meaning)
    {
        await using ModelServer server = await ModelServer.FailingAsync(status);

        ReportedAnalysis analysis = await AskAsync(provider, server);

        AssertAbsent($"The endpoint answered with HTTP status {status}: {meaning}.", analysis);
        Assert.Single(server.Requests);
        Assert.DoesNotContain(Key, DivergenceReportJson.Write(analysis), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task A_redirection_is_not_followed(AiProvider provider)
    {
        await using ModelServer elsewhere = await ModelServer.SayingAsync(provider, GoodAnswer);
        await using ModelServer server = await ModelServer.StartAsync(context =>
        {
            context.Response.Redirect(new Uri(elsewhere.Address, "/v1/messages").AbsoluteUri, permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        });

        AssertAbsent("The endpoint answered with HTTP status 307: it points elsewhere, which is not followed.", await AskAsync(provider, server));
        Assert.Empty(elsewhere.Requests);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task A_model_that_does_not_answer_in_time_is_given_up(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.StartAsync(async context => await UntilAborted(context));

        AssertAbsent("The model did not answer within 1 s.", await AnalyzeAsync(Settings(provider, server) with { Timeout = TimeSpan.FromSeconds(1) }, redact: false));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task A_model_that_never_ends_its_answer_is_given_up(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("{ \"id\": \"");
            await context.Response.Body.FlushAsync();
            await UntilAborted(context);
        });

        AssertAbsent("The model did not answer within 1 s.", await AnalyzeAsync(Settings(provider, server) with { Timeout = TimeSpan.FromSeconds(1) }, redact: false));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task An_answer_without_end_is_not_read_to_its_end(AiProvider provider)
    {
        byte[] noise = Encoding.ASCII.GetBytes(new string('x', 1 << 16));
        await using ModelServer server = await ModelServer.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(noise, context.RequestAborted);
            }
        });

        ReportedAnalysis analysis = await AskAsync(provider, server);

        Assert.Contains("ConfigurationLimitExceeded", analysis.ModelAbsence, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task A_body_that_is_not_of_the_protocol_leaves_the_analysis_of_the_rules(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.StartAsync(context => context.Response.WriteAsync("<html>Sign in</html>"));

        ReportedAnalysis analysis = await AskAsync(provider, server);

        Assert.Null(analysis.Model);
        Assert.NotNull(analysis.ModelAbsence);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task An_endpoint_where_nobody_listens_leaves_the_analysis_of_the_rules(AiProvider provider)
    {
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var settings = new AiSettings(provider, new Uri($"http://127.0.0.1:{((IPEndPoint)reserved.LocalEndPoint!).Port}"), "some-model", KeyVariable, TimeSpan.FromMinutes(1));

        AssertAbsent("The endpoint could not be reached, or did not answer as HTTP demands (ConnectionError).", await AnalyzeAsync(settings, redact: false));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task A_variable_without_a_key_is_named_and_nobody_is_asked(AiProvider provider)
    {
        await using ModelServer server = await ModelServer.SayingAsync(provider, GoodAnswer);

        ReportedAnalysis analysis = await AnalyzeAsync(Settings(provider, server) with { ApiKeyVariable = "NOT_SET" }, redact: false);

        AssertAbsent("The environment variable NOT_SET, which is to hold the key, is not set.", analysis);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Without_a_provider_only_the_rules_analyse()
    {
        ReportedAnalysis analysis = await AnalyzeAsync(new AiSettings(AiProvider.None, null, "", "", TimeSpan.FromSeconds(20)), redact: false);

        Assert.Equal((null, null, null), (analysis.Model, analysis.ModelName, analysis.ModelAbsence));
        Assert.Equal(DivergenceClass.MemoryCorruption, analysis.Rules.Class);
    }

    [Fact]
    public async Task Who_gives_up_waiting_gets_no_analysis()
    {
        await using ModelServer server = await ModelServer.StartAsync(async context => await UntilAborted(context));
        using var cancellation = new CancellationTokenSource();
        Task<ReportedAnalysis> analysis = Analyst(Settings(AiProvider.OpenAi, server), redact: false).AnalyzeAsync(Report(), cancellation.Token);
        await Eventually.Holds(() => server.Requests.Count == 1, TimeSpan.FromSeconds(30), "the model is asked");

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => analysis);
    }

    private static async Task UntilAborted(HttpContext context)
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = context.RequestAborted.Register(aborted.SetResult);
        await aborted.Task;
    }

    private static void AssertAbsent(string sentence, ReportedAnalysis analysis)
    {
        Assert.Equal(sentence, analysis.ModelAbsence);
        Assert.Null(analysis.Model);
        Assert.Equal(DivergenceClass.MemoryCorruption, analysis.Rules.Class);
    }

    private static AiSettings Settings(AiProvider provider, ModelServer server) =>
        new(provider, provider == AiProvider.OpenAi ? new Uri(server.Address, "/v1") : server.Address, "some-model", KeyVariable, TimeSpan.FromMinutes(1));

    private static Task<ReportedAnalysis> AskAsync(AiProvider provider, ModelServer server) => AnalyzeAsync(Settings(provider, server), redact: false);

    private static Task<ReportedAnalysis> AnalyzeAsync(AiSettings settings, bool redact) => Analyst(settings, redact).AnalyzeAsync(Report(), CancellationToken.None);

    private static DivergenceAnalyst Analyst(AiSettings settings, bool redact) => new(settings, redact, TimeProvider.System, name => name == KeyVariable ? Key : null);

    private static byte[] Flipped() => [.. Value[..^1], (byte)(Value[^1] ^ 4)];

    private static DivergenceReport Report()
    {
        byte[] header = new byte[32];
        return new DivergenceReport
        {
            Id = "3-1042-2f9c",
            When = new DateTimeOffset(2031, 3, 4, 5, 6, 7, TimeSpan.Zero),
            Version = "1.2.3",
            Build = "a0b1",
            Cluster = "lattice",
            Node = 2,
            Incarnation = "ff",
            Group = 3,
            Role = RaftRole.Follower,
            Term = 5,
            Index = 1042,
            AppliedIndex = 1041,
            Detection = new DivergenceDetection { Kind = DivergenceKind.Effects, Phase = DivergencePhase.Apply, Message = "They do not agree." },
            Verdict = DivergenceVerdict.SelfEvident,
            Keys = [RecordComparison.Compare(3, new DivergentRecord("account/7"u8.ToArray(), (byte[])[.. header, .. Flipped()], (byte[])[.. header, .. Value], IsExpectedKnown: true), redact: false)],
            Checks = new DivergenceChecks { ExecutionRepeatedAgrees = true, ModelAgreed = false },
        };
    }
}
