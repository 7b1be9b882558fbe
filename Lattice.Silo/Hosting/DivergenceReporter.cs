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
    /// <summary>Writes the report with what the rules say of it. A language model is asked only when the node has stopped.</summary>
    /// <returns>The report.</returns>
    public DivergenceReport Write(ulong incarnation, ReplicaStanding standing, Divergence divergence, CausalStory story)
    {
        var origin = new ReportOrigin(Version, BuildHash(), settings.Cluster.Name, settings.Node, incarnation, time.GetUtcNow(), settings.Verification.RedactValues);
        DivergenceReport report = DivergenceReportBuilder.Build(origin, standing, divergence) with
        {
            Machine = MachineFacts.Read(),
            Trace = [.. story.Events.Select(Event)],
        };
        report = report with { Analysis = new ReportedAnalysis { Rules = RuleBasedAnalyzer.Analyze(report) } };
        Write(report);
        LogReport(DivergenceMark.PathOf(settings));
        foreach (string line in DivergenceReportText.Format(report).TrimEnd('\n').Split('\n'))
        {
            LogAnalysis(line);
        }

        return report;
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

    [LoggerMessage(Level = LogLevel.Critical, Message = "STATE DIVERGENCE DETECTED: the report is {Path}")]
    private partial void LogReport(string path);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Line}")]
    private partial void LogAnalysis(string line);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The divergence report {Path} could not be written: {Reason}")]
    private partial void LogNotWritten(string path, string reason);
}
