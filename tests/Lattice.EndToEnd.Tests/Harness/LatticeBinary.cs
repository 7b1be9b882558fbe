using System.Diagnostics;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>
/// The published binary, which is what operators run: one self-contained file. Published once per test run from the
/// sources, or given by <c>LATTICE_BINARY</c>.
/// </summary>
internal static class LatticeBinary
{
    private static readonly Lazy<string> Published = new(Publish);

    public static string Path => Published.Value;

    private static string Publish()
    {
        if (Environment.GetEnvironmentVariable("LATTICE_BINARY") is { Length: > 0 } given)
        {
            return given;
        }

        string output = System.IO.Path.Combine(Repository.Root, "artifacts", "lattice");
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["publish", "Lattice.Cli", "-c", "Release", "-r", "linux-x64", "-o", output, "-m:2", "-clp:ErrorsOnly"])
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
