using System.Diagnostics;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>
/// The published binary, which is what operators run: one self-contained file. Published once per test run from the
/// sources, or given by <c>LATTICE_BINARY</c>. The next version is built from the same sources with another version and another feature level; how fast it starts
/// does not matter, so it is not compiled ahead of time.
/// </summary>
internal static class LatticeBinary
{
    private static readonly Lazy<string> Published = new(() => Given("LATTICE_BINARY") ?? Publish("lattice"));

    private static readonly Lazy<string> PublishedNext = new(() => Given("LATTICE_NEXT_BINARY")
        ?? Publish("lattice-next", "--artifacts-path", "artifacts/lattice-next-build", "-p:LatticeNext=true", "-p:PublishReadyToRun=false", "-p:EnableCompressionInSingleFile=false", "-p:RunAnalyzers=false"));

    public static string Path => Published.Value;

    /// <summary>The version after it.</summary>
    public static string Next => PublishedNext.Value;

    private static string? Given(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? given : null;

    private static string Publish(string folder, params string[] more)
    {
        string output = System.IO.Path.Combine(Repository.Root, "artifacts", folder);
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["publish", "Lattice.Cli", "-c", "Release", "-r", "linux-x64", "-o", output, "-m:2", "-clp:ErrorsOnly", .. more])
        {
            start.ArgumentList.Add(argument);
        }

        // The test host's own settings of MSBuild must not reach the build that it starts.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || k.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string printed = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? System.IO.Path.Combine(output, "lattice")
            : throw new InvalidOperationException($"dotnet publish failed with {process.ExitCode}:\n{printed}\n{errors.Result}");
    }
}
