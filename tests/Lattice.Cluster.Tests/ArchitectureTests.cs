using System.Xml.Linq;

namespace Lattice.Cluster.Tests;

/// <summary>Dependencies point one way: Cli, Silo, Grains, Core.</summary>
public sealed class ArchitectureTests
{
    // Project: those of ours that it may reference.
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Lattice.Core"] = [],
        ["Lattice.Grains.Abstractions"] = [],
        ["Lattice.Grains"] = ["Lattice.Core", "Lattice.Grains.Abstractions"],
        ["Lattice.Silo"] = ["Lattice.Grains"],
        ["Lattice.Client"] = ["Lattice.Grains.Abstractions"],
        ["Lattice.Cli"] = ["Lattice.Silo", "Lattice.Client"],
        ["Lattice.AppHost"] = [],
    };

    [Fact]
    public void Projects_reference_only_what_the_design_lets_them()
    {
        foreach ((string project, string[] allowed) in Allowed)
        {
            XDocument file = XDocument.Load(Path.Combine(Root(), project, $"{project}.csproj"));

            // One that only has the other built first brings nothing of it in.
            IEnumerable<string> references = file.Descendants("ProjectReference").Where(r => (string?)r.Attribute("ReferenceOutputAssembly") != "false").Select(r => Path.GetFileNameWithoutExtension(((string)r.Attribute("Include")!).Replace('\\', '/')));

            Assert.Empty(references.Except(allowed).Select(r => $"{project} references {r}"));
        }
    }

    [Fact]
    public void Every_project_at_the_top_is_in_the_design()
    {
        IEnumerable<string> found = Directory.GetDirectories(Root(), "Lattice.*").SelectMany(d => Directory.GetFiles(d, "*.csproj")).Select(Path.GetFileNameWithoutExtension)!;

        Assert.Empty(found.Except(Allowed.Keys));
    }

    [Fact]
    public void The_core_knows_neither_Orleans_nor_a_host()
    {
        string[] forbidden = ["Orleans", "AspNetCore", "Hosting", "Sqlite", "Npgsql", "Tomlyn", "Spectre", "CommandLine"];
        XDocument file = XDocument.Load(Path.Combine(Root(), "Lattice.Core", "Lattice.Core.csproj"));
        IEnumerable<string> packages = file.Descendants("PackageReference").Concat(file.Descendants("FrameworkReference")).Select(r => (string)r.Attribute("Include")!);

        Assert.DoesNotContain(packages, p => forbidden.Any(f => p.Contains(f, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("DateTime.UtcNow")]
    [InlineData("DateTime.Now")]
    [InlineData("DateTimeOffset.UtcNow")]
    [InlineData("Random.Shared")]
    [InlineData("Guid.NewGuid")]
    [InlineData("Task.Run")]
    [InlineData("Stopwatch.")]
    [InlineData("Environment.TickCount")]
    public void The_core_takes_time_and_randomness_from_its_caller(string forbidden)
    {
        IEnumerable<string> files = Directory.GetFiles(Path.Combine(Root(), "Lattice.Core"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

        Assert.DoesNotContain(files, f => File.ReadLines(f).Any(line => line.Contains(forbidden, StringComparison.Ordinal) && !line.TrimStart().StartsWith("//", StringComparison.Ordinal)));
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Lattice.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests have to lie below the folder of Lattice.sln.");
    }
}
