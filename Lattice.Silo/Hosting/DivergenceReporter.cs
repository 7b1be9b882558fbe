using System.Reflection;
using System.Security.Cryptography;
using Lattice.Core.Disk;
using Lattice.Core.Verification;
using Lattice.Silo.Analysis;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Hosting;

/// <summary>Writes the report of a divergence, with its analysis, and says it in the log.</summary>
internal sealed partial class DivergenceReporter(NodeSettings settings, TimeProvider time, ILogger logger)
{
    /// <summary>Writes the report with what the rules say, and once more when a language model is configured and has answered.</summary>
    public async Task WriteAsync(ulong incarnation, ReplicaStanding standing, Divergence divergence, CausalStory story)
    {
        var origin = new ReportOrigin(Version, BuildHash(), settings.Cluster.Name, settings.Node, incarnation, time.GetUtcNow(), settings.Verification.RedactValues);
        DivergenceReport report = DivergenceReportBuilder.Build(origin, standing, divergence) with
        {
            Machine = MachineFacts.Read(),
            Trace = [.. story.Events.Select(Event)],
        };
        report = report with { Analysis = new ReportedAnalysis { Rules = RuleBasedAnalyzer.Analyze(report) } };
        Write(report);
        LogReport(DivergenceMark.PathOf(settings), DivergenceReportText.Format(report));
        if (settings.Ai.Provider != AiProvider.None)
        {
            var analyst = new DivergenceAnalyst(settings.Ai, settings.Verification.RedactValues, time, Environment.GetEnvironmentVariable);
            report = report with { Analysis = await analyst.AnalyzeAsync(report, CancellationToken.None).ConfigureAwait(false) };
            Write(report);
            LogModel(report.Analysis.ModelName, report.Analysis.Model?.RootCause ?? report.Analysis.ModelAbsence);
        }
    }

    private static string Version => typeof(DivergenceReporter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    private static ReportedEvent Event(TraceEvent told) => new()
    {
        Lamport = told.Lamport,
        Node = told.Node,
        Time = told.Time,
        Group = told.Group == TraceEvent.NodeLevel ? null : told.Group,
        Kind = told.Kind.ToString(),
        Text = CausalStory.Sentence(told),
        Index = told.Index == 0 ? null : told.Index,
        Term = told.Term == 0 ? null : told.Term,
    };

    private static string BuildHash()
    {
        if (Environment.ProcessPath is not { } binary)
        {
            return "";
        }

        using FileStream file = File.OpenRead(binary);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private void Write(DivergenceReport report)
    {
        try
        {
            DivergenceReportFile.Write(new PhysicalDisk(), settings.Storage.DataDirectory, report);
        }
        catch (Exception e) when (e is IOException or DiskFullException or DiskFailedException or UnauthorizedAccessException)
        {
            LogNotWritten(DivergenceMark.PathOf(settings), e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "STATE DIVERGENCE DETECTED: the report is {Path}\n{Analysis}")]
    private partial void LogReport(string path, string analysis);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Analysis of the divergence by {Model}: {Answer}")]
    private partial void LogModel(string? model, string? answer);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The divergence report {Path} could not be written: {Reason}")]
    private partial void LogNotWritten(string path, string reason);
}
