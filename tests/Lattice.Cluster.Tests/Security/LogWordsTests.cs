using System.Text.RegularExpressions;
using Lattice.Silo.Security;

namespace Lattice.Cluster.Tests.Security;

/// <summary>The words by which operators find who was not let in stand in no other line of a log.</summary>
public sealed partial class LogWordsTests
{
    private static readonly string[] Owners = ["AccessLog.cs", "AccessWords.cs", "DrillHall.cs"];

    // Events of the audit and names of calls between nodes are not logged.
    private static readonly string[] Unlogged = ["new AuditEvent(", "[Alias("];

    [Fact]
    public void No_text_of_the_product_but_that_of_refusals_has_them()
    {
        string root = Root();
        IEnumerable<string> sources = Directory.GetDirectories(root, "Lattice.*").SelectMany(p => Directory.GetFiles(p, "*.cs", SearchOption.AllDirectories)).Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !Owners.Contains(Path.GetFileName(f)));

        IEnumerable<string> found = sources.SelectMany(f => File.ReadLines(f).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal) && Literal().IsMatch(l) && !Unlogged.Any(u => l.Contains(u, StringComparison.Ordinal))).Select(l => $"{Path.GetRelativePath(root, f)}: {l.Trim()}"));

        Assert.Empty(found);
    }

    [Fact]
    public void What_the_system_says_in_them_is_said_in_others()
    {
        Assert.Equal("System.NotPermittedAccessException: Access to the path '/x' is not permitted.", AccessWords.ForLog("Lattice.Replicas", "System.UnauthorizedAccessException: Access to the path '/x' is denied."));
        Assert.Equal("Access denied: x", AccessWords.ForLog(typeof(AccessLog).FullName!, "Access denied: x"));
    }

    private static string Root()
    {
        DirectoryInfo directory = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Lattice.sln")))
        {
            directory = directory.Parent!;
        }

        return directory.FullName;
    }

    [GeneratedRegex(@"""[^""]*(denied|unauthorized)[^""]*""", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Literal();
}
