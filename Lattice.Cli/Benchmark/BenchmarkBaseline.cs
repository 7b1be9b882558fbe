using System.Text.Json;

namespace Lattice.Cli.Benchmark;

/// <summary>An earlier run to compare with: what <c>lattice benchmark --json</c> printed.</summary>
/// <param name="File">Where it was read.</param>
/// <param name="Report">What it was.</param>
internal sealed record BenchmarkBaseline(string File, BenchmarkReport Report)
{
    /// <summary>Reads it, before anything is measured.</summary>
    /// <exception cref="CommandFailedException">It cannot be read, or was measured with another load.</exception>
    public static BenchmarkBaseline Read(string file, BenchmarkOptions options)
    {
        BenchmarkReport report;
        try
        {
            report = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(file), CliJson.Indented.BenchmarkReport) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandFailedException(ExitCodes.Usage, $"The baseline {file} cannot be read: {e.Message.TrimEnd('.')}. It has to be what 'lattice benchmark SECONDS --json' printed. Nothing was measured.", e);
        }

        return BenchmarkComparison.Mismatch(report, options) is { } mismatch
            ? throw new CommandFailedException(ExitCodes.Usage, $"The baseline {file} cannot be compared with: {mismatch}. Ask for the same load. Nothing was measured.")
            : new BenchmarkBaseline(file, report);
    }
}
