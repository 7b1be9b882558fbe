using System.CommandLine;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice admin</c>: what an operator does to a cluster beyond its data.</summary>
internal static class AdminCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell) => new("admin", "Operates a cluster and examines what it left behind.")
    {
        AnalyzeCommand.Create(shell),
    };
}
