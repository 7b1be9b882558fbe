using Lattice.Core.Disk;
using Lattice.Core.Verification;
using Lattice.Silo.Analysis;
using Lattice.Silo.Configuration;

namespace Lattice.Silo.Hosting;

/// <summary>
/// Has the language model of <c>[ai]</c> analyse the report that a node left when it halted. Only after everything of the node has stopped, so that no model, however slow,
/// delays the halt; the process lives until the answer is there or the time is up.
/// </summary>
internal static class HaltedNodeAnalysis
{
    /// <summary>Asks, writes the answer into the report and says it; does nothing when no model is configured.</summary>
    public static async Task AddAsync(NodeSettings settings, TextWriter output, CancellationToken cancellation)
    {
        var disk = new PhysicalDisk();
        if (settings.Ai.Provider == AiProvider.None || !DivergenceReportFile.TryRead(disk, DivergenceMark.PathOf(settings), out DivergenceReport? report, out _))
        {
            return;
        }

        var analyst = new DivergenceAnalyst(settings.Ai, settings.Verification.RedactValues, TimeProvider.System, Environment.GetEnvironmentVariable);
        report = report with { Analysis = await analyst.AnalyzeAsync(report, cancellation).ConfigureAwait(false) };
        await output.WriteAsync(DivergenceReportText.FormatModelAnalysis(report.Analysis)).ConfigureAwait(false);
        Save(disk, settings, report);
    }

    /// <summary>
    /// Puts the report in the place of the one that it was made from, unless that has been cleared since: it is a mark that keeps the node from starting, and must not come back.
    /// </summary>
    private static void Save(PhysicalDisk disk, NodeSettings settings, DivergenceReport report)
    {
        try
        {
            using DataDirectoryLock held = DataDirectoryLock.Acquire(settings.Storage.DataDirectory);
            if (DivergenceReportFile.TryRead(disk, DivergenceMark.PathOf(settings), out DivergenceReport? standing, out _) && standing.Id == report.Id)
            {
                DivergenceReportFile.Write(disk, settings.Storage.DataDirectory, report);
            }
        }
        catch (IOException)
        {
            // Somebody works on the directory already, or the disk is full: the report keeps the rules' analysis, and what the model said has been printed.
        }
    }
}
