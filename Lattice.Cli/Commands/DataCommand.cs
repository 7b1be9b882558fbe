using System.CommandLine;
using Lattice.Cli.Cluster;

namespace Lattice.Cli.Commands;

/// <summary>What the commands on data share: the options that find the cluster, and the client for the time of the command.</summary>
internal sealed class DataCommand
{
    private readonly Option<string?> config = CommonOptions.Config();
    private readonly Option<double> timeout = CommonOptions.Timeout();
    private readonly Option<bool> json = CommonOptions.Json();
    private readonly Option<bool> base64 = new("--key-base64") { Description = "Keys on the command line are base64" };
    private readonly Shell shell;

    private DataCommand(Shell shell) => this.shell = shell;

    /// <summary>Makes a command that is given a connected client.</summary>
    public static Command Create(Shell shell, string name, string description, IReadOnlyList<Symbol> symbols, Func<DataInvocation, CancellationToken, Task<int>> run)
    {
        var data = new DataCommand(shell);
        var command = new Command(name, description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else if (symbol is Option option)
            {
                command.Add(option);
            }
        }

        command.Add(data.json);
        command.Add(data.base64);
        command.Add(data.timeout);
        command.Add(data.config);
        command.SetAction((parsed, cancellation) => data.RunAsync(parsed, run, cancellation));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, Func<DataInvocation, CancellationToken, Task<int>> run, CancellationToken cancellation)
    {
        ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(config));
        ClusterConnection connection = await ClusterConnection.OpenAsync(location, TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            return await run(new DataInvocation(shell, parsed, connection.Client, parsed.GetValue(json), parsed.GetValue(base64)), cancellation).ConfigureAwait(false);
        }
    }
}
