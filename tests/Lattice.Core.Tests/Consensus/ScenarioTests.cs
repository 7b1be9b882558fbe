using Lattice.Core.Tests.Consensus.Cluster;
using Xunit;

namespace Lattice.Core.Tests.Consensus;

/// <summary>
/// The scenarios in <c>Scenarios/*.txt</c> document the protocol: each must give exactly the output that it states. With
/// LATTICE_REWRITE=1 the files are rewritten with what was really given, to be reviewed as a diff.
/// </summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder(), "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_scenario_gives_the_output_that_it_states(string file)
    {
        string path = Path.Combine(Folder(), file);
        string expected = File.ReadAllText(path);
        string actual = ScenarioFile.Run(expected);
        if (Environment.GetEnvironmentVariable("LATTICE_REWRITE") is "1")
        {
            File.WriteAllText(path, actual);
            return;
        }

        Assert.Equal(expected, actual);
    }

    private static string Folder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Lattice.sln")))
            {
                return Path.Combine(folder.FullName, "tests", "Lattice.Core.Tests", "Consensus", "Scenarios");
            }
        }

        throw new DirectoryNotFoundException($"No Lattice.sln above {AppContext.BaseDirectory}: the scenarios are read from the sources.");
    }
}
