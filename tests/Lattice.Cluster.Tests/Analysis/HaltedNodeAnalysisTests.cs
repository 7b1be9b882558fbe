using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Verification;
using Lattice.Silo.Configuration;
using Lattice.Silo.Hosting;

namespace Lattice.Cluster.Tests.Analysis;

/// <summary>What a language model says about a node that has halted, in the report that the node left.</summary>
public sealed class HaltedNodeAnalysisTests : IDisposable
{
    private const string GoodAnswer = """
        { "rootCause": "Memory.", "class": "memory-corruption", "component": "state-machine", "confidence": 0.9, "suggestedFix": "Test it.",
          "candidates": [ { "class": "memory-corruption", "score": 0.9, "evidenceFor": ["It is."], "evidenceAgainst": [] } ] }
        """;

    private readonly string root = Directory.CreateTempSubdirectory("lattice-halted-").FullName;
    private readonly PhysicalDisk disk = new();
    private readonly StringWriter output = new();

    private string Data => Path.Combine(root, "data");

    private string ReportPath => Path.Combine(Data, DivergenceReportFile.FileName);

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task The_models_analysis_is_added_to_the_report_and_said()
    {
        await using ModelServer server = await ModelServer.SayingAsync(AiProvider.OpenAi, GoodAnswer);
        WriteReport("first");

        await HaltedNodeAnalysis.AddAsync(Settings(server), output, CancellationToken.None);

        ReportedAnalysis analysis = ReadReport().Analysis!;
        Assert.Equal(("Memory.", "openai m"), (analysis.Model!.RootCause, analysis.ModelName));
        Assert.Equal(DivergenceClass.Unknown, analysis.Rules.Class);
        Assert.StartsWith("Analysis by openai m: memory-corruption in state-machine", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_there_is_none_is_added_and_said()
    {
        await using ModelServer server = await ModelServer.FailingAsync(500);
        WriteReport("first");

        await HaltedNodeAnalysis.AddAsync(Settings(server), output, CancellationToken.None);

        Assert.Equal("The endpoint answered with HTTP status 500: it failed itself.", ReadReport().Analysis!.ModelAbsence);
        Assert.Equal("No analysis by a language model: The endpoint answered with HTTP status 500: it failed itself.\n", output.ToString());
    }

    [Fact]
    public async Task A_report_that_was_cleared_meanwhile_does_not_come_back()
    {
        await using ModelServer server = await ModelServer.StartAsync(context =>
        {
            File.Delete(ReportPath);
            return ModelServer.SayAsync(context, ModelServer.Answer(AiProvider.OpenAi, GoodAnswer));
        });
        WriteReport("first");

        await HaltedNodeAnalysis.AddAsync(Settings(server), output, CancellationToken.None);

        Assert.False(File.Exists(ReportPath));
        Assert.Contains("Memory.", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_later_report_is_not_replaced()
    {
        await using ModelServer server = await ModelServer.StartAsync(context =>
        {
            WriteReport("second");
            return ModelServer.SayAsync(context, ModelServer.Answer(AiProvider.OpenAi, GoodAnswer));
        });
        WriteReport("first");

        await HaltedNodeAnalysis.AddAsync(Settings(server), output, CancellationToken.None);

        Assert.Equal("second", ReadReport().Id);
    }

    [Fact]
    public async Task Who_works_on_the_data_directory_is_not_disturbed()
    {
        await using ModelServer server = await ModelServer.SayingAsync(AiProvider.OpenAi, GoodAnswer);
        WriteReport("first");
        using DataDirectoryLock held = DataDirectoryLock.Acquire(Data);

        await HaltedNodeAnalysis.AddAsync(Settings(server), output, CancellationToken.None);

        Assert.Null(ReadReport().Analysis);
        Assert.Contains("Memory.", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_model_or_without_a_report_nothing_happens()
    {
        await using ModelServer server = await ModelServer.SayingAsync(AiProvider.OpenAi, GoodAnswer);
        NodeSettings settings = Settings(server);

        await HaltedNodeAnalysis.AddAsync(settings, output, CancellationToken.None);
        WriteReport("first");
        await HaltedNodeAnalysis.AddAsync(settings with { Ai = settings.Ai with { Provider = AiProvider.None } }, output, CancellationToken.None);

        Assert.Empty(server.Requests);
        Assert.Equal("", output.ToString());
    }

    private NodeSettings Settings(ModelServer server)
    {
        string text = $"""
            [[cluster.peers]]
            id = 1
            address = "127.0.0.1:5001"
            [storage]
            data_dir = "{Data}"
            [ai]
            provider = "openai"
            endpoint = "{server.Address}v1"
            model = "m"
            """;
        SettingsResult read = SettingsFile.Parse(text, "node1.toml", 1, new LatticePaths(root));
        Assert.Empty(read.Errors);
        return read.Settings!;
    }

    private void WriteReport(string id)
    {
        Directory.CreateDirectory(Data);
        DivergenceReportFile.Write(disk, Data, new DivergenceReport
        {
            Id = id,
            When = new DateTimeOffset(2031, 3, 4, 5, 6, 7, TimeSpan.Zero),
            Version = "1.2.3",
            Build = "a0b1",
            Cluster = "lattice",
            Node = 1,
            Incarnation = "ff",
            Group = 3,
            Role = RaftRole.Follower,
            Term = 5,
            Index = 1042,
            AppliedIndex = 1041,
            Detection = new DivergenceDetection { Kind = DivergenceKind.Effects, Phase = DivergencePhase.Apply, Message = "They do not agree." },
            Verdict = DivergenceVerdict.SelfEvident,
        });
    }

    private DivergenceReport ReadReport()
    {
        Assert.True(DivergenceReportFile.TryRead(disk, ReportPath, out DivergenceReport? report, out string? mistake), mistake);
        return report;
    }
}
