using System.Diagnostics;

namespace Lattice.Bench;

/// <summary>This program, started once more with other arguments.</summary>
internal static class OwnProcess
{
    /// <summary>What starts it.</summary>
    public static ProcessStartInfo Start(params string[] arguments) => new("dotnet", [typeof(OwnProcess).Assembly.Location, .. arguments]);
}
