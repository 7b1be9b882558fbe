using System.Globalization;
using System.Reflection;
using Lattice.Core.Disk;
using Lattice.Core.Verification;
using Lattice.Grains;
using Lattice.Silo.Analysis;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Hosting;

/// <summary>Writes the report of a divergence, with its analysis, and says it in the log.</summary>
internal sealed partial class DivergenceReporter(NodeSettings settings, TimeProvider time, ILogger logger)
{
    /// <summary>Makes the report, with what the rules say of it. A language model is asked only when the node has stopped.</summary>
    public DivergenceReport Build(ulong incarnation, ReplicaStanding standing, Divergence divergence, CausalStory story)
    {
        var origin = new ReportOrigin(Version, NodeFacts.Build, settings.Cluster.Name, settings.Node, incarnation, time.GetUtcNow(), settings.Verification.RedactValues);
        DivergenceReport report = DivergenceReportBuilder.Build(origin, standing, divergence) with
        {
            Machine = MachineFacts.Read(),
            Trace = [.. story.Events.Select(Event)],
        };
        return report with { Analysis = new ReportedAnalysis { Rules = RuleBasedAnalyzer.Analyze(report) } };
    }

    /// <summary>Writes the report as the mark that keeps the node from starting.</summary>
    public void WriteMark(DivergenceReport report) => Write(report, settings.Storage.DataDirectory, DivergenceReportFile.FileName);

    /// <summary>Writes the report of a difference that nobody can decide, where it keeps the node from nothing.</summary>
    public void WriteUndecided(DivergenceReport report) =>
        Write(report, Path.Combine(settings.Storage.DataDirectory, DivergentData.FolderName), string.Create(CultureInfo.InvariantCulture, $"no-majority-group-{report.Group}.json"));

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

    private void Write(DivergenceReport report, string directory, string name)
    {
        string path = Path.Combine(directory, name);
        try
        {
            var disk = new PhysicalDisk();
            disk.CreateDirectory(directory);
            DivergenceReportFile.Write(disk, directory, report, name);
        }
        catch (Exception e) when (e is IOException or DiskFullException or DiskFailedException or UnauthorizedAccessException)
        {
            LogNotWritten(path, e.Message);
        }

        LogReport(path);
        foreach (string line in DivergenceReportText.Format(report).TrimEnd('\n').Split('\n'))
        {
            LogAnalysis(line);
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "STATE DIVERGENCE DETECTED: the report is {Path}")]
    private partial void LogReport(string path);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Line}")]
    private partial void LogAnalysis(string line);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The divergence report {Path} could not be written: {Reason}")]
    private partial void LogNotWritten(string path, string reason);
}
