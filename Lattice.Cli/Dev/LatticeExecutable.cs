using System.Diagnostics;

namespace Lattice.Cli.Dev;

/// <summary>How this program starts itself: as the published file, as the build's executable, or as <c>dotnet lattice.dll</c>.</summary>
internal static class LatticeExecutable
{
    /// <summary>A start of this program with other arguments.</summary>
    public static ProcessStartInfo Start(params IEnumerable<string> arguments)
    {
        string self = Environment.ProcessPath ?? throw new InvalidOperationException("The operating system does not say which program this process runs.");
        IEnumerable<string> all = Path.GetFileNameWithoutExtension(self) is "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "lattice.dll"), .. arguments] : arguments;
        return new ProcessStartInfo(self, all);
    }
}
