using System.CommandLine;

namespace Lattice.Cli.Operations;

/// <summary>Options of all commands that run an operation.</summary>
internal sealed class OperationOptions
{
    /// <summary><c>--config FILE</c>.</summary>
    public Option<string?> Config { get; } = Commands.CommonOptions.Config();

    /// <summary><c>--json</c>.</summary>
    public Option<bool> Json { get; } = Commands.CommonOptions.Json();

    /// <summary><c>--timeout SECONDS</c>.</summary>
    public Option<double> Timeout { get; } = Commands.CommonOptions.Timeout();

    /// <summary>Puts them on a command.</summary>
    public Command On(Command command)
    {
        command.Options.Add(Config);
        command.Options.Add(Json);
        command.Options.Add(Timeout);
        return command;
    }
}
