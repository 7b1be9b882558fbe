using System.CommandLine;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin</c>: what only operators do.</summary>
internal static class AdminCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell) => new("admin", "What only operators do.")
    {
        TraceCommand.Create(shell),
    };
}
