using System.Diagnostics;
using System.Reflection;

namespace Lattice.AppHost;

/// <summary>A program of this repository that was built together with this project.</summary>
/// <param name="Assembly">Its file.</param>
internal sealed record BuiltProgram(string Assembly)
{
    /// <summary>The server and tool.</summary>
    public static BuiltProgram Lattice { get; } = Of("Lattice.Cli", "lattice");

    /// <summary>The sample.</summary>
    public static BuiltProgram WebService { get; } = Of("samples/WebService", "WebService");

    /// <summary>How to start it. Its output is redirected; what it reads beside itself it finds in its working directory.</summary>
    public ProcessStartInfo Start(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Assembly, .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(Assembly),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    // Both outputs lie in the same tree, below bin/CONFIGURATION/FRAMEWORK of their projects.
    private static BuiltProgram Of(string project, string assembly)
    {
        string configuration = typeof(BuiltProgram).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        return new BuiltProgram(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../..", project, "bin", configuration, "net10.0", $"{assembly}.dll")));
    }
}
