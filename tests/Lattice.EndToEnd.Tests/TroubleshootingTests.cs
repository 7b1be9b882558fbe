using System.Text.RegularExpressions;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests;

/// <summary>Whoever reads that a node refuses to start finds these words in the runbook, with what to do.</summary>
public sealed partial class TroubleshootingTests
{
    private const int ShortestFragment = 9;

    // Exceptions whose message the code that throws them writes (or has a database's error translated into), and those that have one of their own.
    private const string Written = "NodeStartException|StateEngineException|StateFormatException|CatalogFormatException|MembershipDatabaseException|DiskFailedException|ClusterSecretException";
    private const string Fixed = "LogCorruptException|LogVersionException|SnapshotCorruptException|NodeIdentityException|DataDirectoryInUseException";

    [Fact]
    public void Every_refusal_of_a_start_is_in_the_runbook()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs/operations/troubleshooting.md"));
        List<string> refusals = [.. Refusals()];
        Assert.InRange(refusals.Count, 20, 200);
        List<string> missing = refusals.FindAll(r => Fragments(r).Any() && !Fragments(r).Any(f => page.Contains(f, StringComparison.Ordinal)));
        Assert.True(missing.Count == 0, $"The page does not have the words of:\n{string.Join('\n', missing)}");
    }

    [Fact]
    public void Every_link_of_the_runbook_leads_somewhere()
    {
        string folder = Path.Combine(Repository.Root, "docs/operations");
        IEnumerable<string> broken = Directory.GetFiles(folder, "*.md")
            .SelectMany(f => Link().Matches(File.ReadAllText(f)).Select(m => (File: f, Target: m.Groups["target"].Value)))
            .Where(l => !File.Exists(Path.GetFullPath(l.Target, folder)))
            .Select(l => $"{l.File}: {l.Target}");
        Assert.Empty(broken);
    }

    private static IEnumerable<string> Refusals()
    {
        string[] sources = [.. ((string[])["Lattice.Core", "Lattice.Silo"]).SelectMany(p => Directory.GetFiles(Path.Combine(Repository.Root, p), "*.cs", SearchOption.AllDirectories)).Where(f => !f.Contains("/obj/", StringComparison.Ordinal))];
        foreach (string text in sources.Select(File.ReadAllText))
        {
            foreach (Match found in Thrown().Matches(text).Concat(Declared().Matches(text)))
            {
                yield return found.Groups["text"].Value;
            }
        }

        foreach (string file in (string[])["Lattice.Silo/Hosting/NodeFailure.cs", "Lattice.Silo/Hosting/DivergenceMark.cs", "Lattice.Cli/Commands/StartCommand.cs"])
        {
            foreach (Match found in Sentence().Matches(File.ReadAllText(Path.Combine(Repository.Root, file))))
            {
                yield return found.Groups["text"].Value;
            }
        }
    }

    /// <summary>What of a message is the same each time, up to the end of its first sentence.</summary>
    private static IEnumerable<string> Fragments(string message) =>
        Hole().Split(SentenceEnd().Split(message)[0]).Select(f => f.Replace("\\\"", "\"", StringComparison.Ordinal).Trim(' ', ',', ':', '.', '(', '\'')).Where(f => f.Length >= ShortestFragment);

    [GeneratedRegex($@"(?:new (?:{Written})|Translate)\((?:string\.Create\(CultureInfo\.InvariantCulture, )?\$?""(?<text>(?:[^""\\]|\\.)*)""", RegexOptions.None, 1000)]
    private static partial Regex Thrown();

    [GeneratedRegex($@"internal (?:{Fixed})\([^)]*\)\s*: base\(\s*\$""(?<text>(?:[^""\\]|\\.)*)""", RegexOptions.None, 1000)]
    private static partial Regex Declared();

    [GeneratedRegex(@"\$""(?<text>(?:Node|The configuration) (?:[^""\\]|\\.)*)""", RegexOptions.None, 1000)]
    private static partial Regex Sentence();

    [GeneratedRegex(@"\{[^}]*\}?", RegexOptions.None, 1000)]
    private static partial Regex Hole();

    [GeneratedRegex(@"(?<=[^.])\. ", RegexOptions.None, 1000)]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\]\((?<target>[^)#]+\.md)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
