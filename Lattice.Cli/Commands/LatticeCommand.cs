using System.CommandLine;
using Lattice.Cli.Commands.Admin;

namespace Lattice.Cli.Commands;

/// <summary>The root of the command line.</summary>
internal static class LatticeCommand
{
    /// <summary>Makes it.</summary>
    public static RootCommand Create(Shell shell) => new("Lattice: a replicated key-value store. One binary is the server and the operator's tool.")
    {
        StartCommand.Create(shell),
        StopCommand.Create(shell),
        StatusCommand.Create(shell),
        new Command("config", "Writes, checks and shows configuration files.")
        {
            ConfigGenerateCommand.Create(shell),
            ConfigValidateCommand.Create(shell),
            ConfigShowCommand.Create(shell),
        },
        GetCommand.Create(shell),
        PutCommand.Create(shell),
        DeleteCommand.Create(shell),
        CasCommand.Create(shell),
        ScanCommand.Create(shell),
        AdminCommand.Create(shell),
        TokenCommand.Create(shell),
        BackupCommand.Create(shell),
        RestoreCommand.Create(shell),
        DevCommand.Create(shell),
        BenchmarkCommand.Create(shell),
        CommonOptions.TokenFile,
    };
}
