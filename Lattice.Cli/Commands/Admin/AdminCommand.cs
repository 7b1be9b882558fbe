using System.CommandLine;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin</c>: what operators do to a running cluster, and to a node that has stopped.</summary>
internal static class AdminCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell) => new("admin", "Operates a cluster.")
    {
        TraceCommand.Create(shell),
        AnalyzeCommand.Create(shell),
        VerifyCommand.Create(shell),
        DrillCommand.Create(shell),
        ClearDivergenceCommand.Create(shell),
        SnapshotCommand.Create(shell),
        CompactLogCommand.Create(shell),
        TransferLeadershipCommand.Create(shell),
        BalanceLeadersCommand.Create(shell),
        RemoveNodeCommand.Create(shell),
        AddNodeCommand.Create(shell),
        FinalizeUpgradeCommand.Create(shell),
        OperationsCommand.Create(shell),
        AuditCommand.Create(shell),
        IncidentsCommand.Create(shell),
    };
}
