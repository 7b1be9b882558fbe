using Lattice.Cli.Commands;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Verification;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Tests;

public sealed class AnalyzeCommandTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("lattice-analyze-").FullName;
    private readonly StringWriter output = new();

    private string ReportPath => Path.Combine(root, DivergenceReportFile.FileName);

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_report_is_explained_with_cause_evidence_fix_and_next_steps()
    {
        DivergenceReportFile.Write(new PhysicalDisk(), root, Report());

        Assert.Equal(0, await RunAsync("admin", "analyze", ReportPath));

        string text = output.ToString();
        Assert.Contains("Analysis by rules: memory-corruption in state-machine, confidence 0.9", text, StringComparison.Ordinal);
        Assert.Contains("Root cause: Main memory of node 2 changed what entry 1042 of group 3 did while Lattice held it.", text, StringComparison.Ordinal);
        Assert.Contains("For: Executing the entry again gives what the reference model says.", text, StringComparison.Ordinal);
        Assert.Contains("Suggested fix: ", text, StringComparison.Ordinal);
        Assert.Contains("lattice restore 2 FILE", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_data_directory_that_holds_the_report_may_be_named_too()
    {
        DivergenceReportFile.Write(new PhysicalDisk(), root, Report());

        Assert.Equal(0, await RunAsync("admin", "analyze", root));
        Assert.Contains("memory-corruption", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_JSON_it_is_the_analysis_of_the_reports_schema()
    {
        DivergenceReportFile.Write(new PhysicalDisk(), root, Report());

        Assert.Equal(0, await RunAsync("admin", "analyze", ReportPath, "--json"));

        ReportedAnalysis analysis = DivergenceReportJson.Read<ReportedAnalysis>(output.ToString());
        Assert.Equal(DivergenceClass.MemoryCorruption, analysis.Rules.Class);
        Assert.Null(analysis.ModelName);
    }

    [Fact]
    public async Task The_report_itself_stays_as_it_is()
    {
        DivergenceReportFile.Write(new PhysicalDisk(), root, Report());
        byte[] before = await File.ReadAllBytesAsync(ReportPath);

        await RunAsync("admin", "analyze", ReportPath);

        Assert.Equal(before, await File.ReadAllBytesAsync(ReportPath));
    }

    [Theory]
    [InlineData(null, "There is no divergence report")]
    [InlineData("nonsense", "is not a divergence report")]
    [InlineData("{\"schemaVersion\": 1}", "is not a divergence report")]
    [InlineData("{\"schemaVersion\": 99}", "has schema version 99, and this version of Lattice reads up to 2")]
    public async Task A_report_that_cannot_be_read_is_refused(string? content, string mistake)
    {
        if (content is not null)
        {
            await File.WriteAllTextAsync(ReportPath, content);
        }

        var refused = await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync("admin", "analyze", ReportPath));

        Assert.Equal(ExitCodes.Negative, refused.ExitCode);
        Assert.Contains(mistake, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_language_model_has_to_be_configured_to_be_asked()
    {
        DivergenceReportFile.Write(new PhysicalDisk(), root, Report());
        string file = Path.Combine(root, "node1.toml");
        await RunAsync("config", "generate", "1", file);

        var refused = await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync("admin", "analyze", ReportPath, "--ai", "--config", file));

        Assert.Contains("names no language model", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_language_model_that_cannot_be_asked_leaves_the_analysis_of_the_rules_and_says_why()
    {
        DivergenceReportFile.Write(new PhysicalDisk(), root, Report());
        string file = Path.Combine(root, "node1.toml");
        await RunAsync("config", "generate", "1", file);
        string text = (await File.ReadAllTextAsync(file))
            .Replace("# provider = \"none\"", "provider = \"openai\"", StringComparison.Ordinal)
            .Replace("# model = \"\"", "model = \"m\"", StringComparison.Ordinal)
            .Replace("# api_key_env = \"\"", "api_key_env = \"LATTICE_TEST_NO_SUCH_KEY\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text);

        Assert.Equal(0, await RunAsync("admin", "analyze", ReportPath, "--ai", "--config", file));

        Assert.Contains("Analysis by rules: memory-corruption", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("No analysis by a language model: The environment variable LATTICE_TEST_NO_SUCH_KEY", output.ToString(), StringComparison.Ordinal);
    }

    private static DivergenceReport Report() => new()
    {
        Id = "3-1042-2f9c",
        When = new DateTimeOffset(2031, 3, 4, 5, 6, 7, TimeSpan.Zero),
        Version = "1.2.3",
        Build = "a0b1",
        Cluster = "lattice",
        Node = 2,
        Incarnation = "ff",
        Group = 3,
        Role = RaftRole.Leader,
        Term = 5,
        Index = 1042,
        AppliedIndex = 1041,
        Detection = new DivergenceDetection { Kind = DivergenceKind.Effects, Phase = DivergencePhase.Apply, Message = "They do not agree." },
        Verdict = DivergenceVerdict.SelfEvident,
        Checks = new DivergenceChecks { ExecutionRepeatedAgrees = true, ModelAgreed = false },
    };

    private Task<int> RunAsync(params string[] arguments)
    {
        var shell = new Shell
        {
            Out = output,
            Error = TextWriter.Null,
            OpenInput = () => Stream.Null,
            OpenOutput = () => Stream.Null,
            IsTerminal = false,
            Paths = new LatticePaths(root),
        };
        return LatticeCommand.Create(shell).Parse(arguments).InvokeAsync(new System.CommandLine.InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }
}
