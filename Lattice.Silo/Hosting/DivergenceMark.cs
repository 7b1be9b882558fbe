using Lattice.Core.Verification;
using Lattice.Silo.Configuration;

namespace Lattice.Silo.Hosting;

/// <summary>The report of a divergence also is the mark that keeps its node from being started again before somebody has looked at it.</summary>
internal static class DivergenceMark
{
    /// <summary>Refuses to go on while the mark stands.</summary>
    /// <exception cref="DivergenceStandsException">It does.</exception>
    public static void ThrowIfStanding(NodeSettings settings)
    {
        if (File.Exists(PathOf(settings)))
        {
            throw new DivergenceStandsException(Refusal(settings));
        }
    }

    /// <summary>Why the node does not start, and what to do.</summary>
    public static string Refusal(NodeSettings settings) =>
        $"Node {settings.Node} stopped because its state is not what it has to be, and does not start before that is cleared: {PathOf(settings)} says what was found ('lattice admin analyze {PathOf(settings)}' explains it). "
        + $"Correct the cause; then either bring back a good state with 'lattice restore {settings.Node} FILE', or have the node learn everything anew from the others with 'lattice admin clear-divergence {settings.Node} --yes'. Nothing was changed.";

    /// <summary>Where the report of a node lies.</summary>
    public static string PathOf(NodeSettings settings) => Path.Combine(settings.Storage.DataDirectory, DivergenceReportFile.FileName);
}

/// <summary>The node diverged and nobody has cleared it. The message says what to do.</summary>
internal sealed class DivergenceStandsException(string message) : Exception(message);
