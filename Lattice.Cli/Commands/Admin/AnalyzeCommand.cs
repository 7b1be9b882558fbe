using System.CommandLine;
using Lattice.Cli.Cluster;
using Lattice.Core.Disk;
using Lattice.Core.Verification;
using Lattice.Silo.Analysis;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin analyze REPORT</c>: repeats the analysis of a divergence report, anywhere, without a cluster.</summary>
internal static class AnalyzeCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var report = new Argument<string>("REPORT") { Description = "A divergence report, or the data directory that holds one" };
        var ai = new Option<bool>("--ai") { Description = "Also ask the language model of [ai] in the configuration; sends it the evidence" };
        Option<bool> json = CommonOptions.Json();
        Option<string?> config = CommonOptions.Config();
        var command = new Command("analyze", "Says what a divergence comes from, from the report that the node left.") { report, ai, json, config };
        command.SetAction(async (parsed, cancellation) =>
        {
            DivergenceReport read = Read(parsed.GetRequiredValue(report));
            DivergenceAnalyst? analyst = parsed.GetValue(ai) ? AnalystOf(shell, parsed.GetValue(config)) : null;
            ReportedAnalysis analysis = analyst is null
                ? new ReportedAnalysis { Rules = RuleBasedAnalyzer.Analyze(read) }
                : await analyst.AnalyzeAsync(read, cancellation).ConfigureAwait(false);
            await shell.Out.WriteLineAsync(parsed.GetValue(json)
                ? DivergenceReportJson.Write(analysis)
                : DivergenceReportText.Format(read with { Analysis = analysis }).TrimEnd('\n')).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }

    private static DivergenceReport Read(string path)
    {
        string file = Path.GetFullPath(Directory.Exists(path) ? Path.Combine(path, DivergenceReportFile.FileName) : path);
        return DivergenceReportFile.TryRead(new PhysicalDisk(), file, out DivergenceReport? report, out string? mistake)
            ? report
            : throw new CommandFailedException(ExitCodes.Negative, mistake);
    }

    private static DivergenceAnalyst AnalystOf(Shell shell, string? config)
    {
        (string file, LatticePaths paths) = ClusterLocator.Of(shell).FindFile(config);
        SettingsResult loaded = SettingsFile.Load(file, node: null, paths);
        if (loaded.Settings is not { } settings)
        {
            throw new CommandFailedException(ExitCodes.Negative, $"The configuration '{file}' has mistakes, so no language model is known. Correct them:\n{string.Join('\n', loaded.Errors)}");
        }

        return settings.Ai.Provider == AiProvider.None
            ? throw new CommandFailedException(ExitCodes.Negative, $"The configuration '{file}' names no language model. Set provider and model in its section [ai], or leave --ai out for the analysis by rules.")
            : new DivergenceAnalyst(settings.Ai, settings.Verification.RedactValues, TimeProvider.System, Environment.GetEnvironmentVariable);
    }
}
