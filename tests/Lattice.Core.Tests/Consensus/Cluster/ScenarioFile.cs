using System.Text;

namespace Lattice.Core.Tests.Consensus.Cluster;

/// <summary>
/// A scenario: commands (lines that begin with <c>&gt;</c>), each followed by the output that it has to give, up to the next empty line, comment or command.
/// </summary>
internal static class ScenarioFile
{
    /// <summary>Runs the scenario and returns it with the output that it really gave.</summary>
    public static string Run(string text)
    {
        var runner = new ScenarioRunner();
        var result = new StringBuilder();
        bool inOutput = false;
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("> ", StringComparison.Ordinal))
            {
                result.Append(line).Append('\n').Append(runner.Execute(line[2..]));
                inOutput = true;
            }
            else if (line.Length == 0 || line.StartsWith('#') || !inOutput)
            {
                result.Append(line).Append('\n');
                inOutput = false;
            }
        }

        return result.ToString();
    }
}
