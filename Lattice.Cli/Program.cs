using System.CommandLine;
using Lattice.Cli;
using Lattice.Cli.Commands;

var shell = Shell.OfProcess();
try
{
    // '@' starts values and keys, not response files.
    ParseResult parsed = LatticeCommand.Create(shell).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    var invocation = new InvocationConfiguration
    {
        Output = shell.Out,
        Error = shell.Error,
        EnableDefaultExceptionHandler = false,
        // The longest orderly end: a node that hands over its leadership, or `dev` that stops its nodes.
        ProcessTerminationTimeout = TimeSpan.FromSeconds(20),
    };
    int exitCode = await parsed.InvokeAsync(invocation).ConfigureAwait(false);
    return parsed.Errors.Count > 0 ? ExitCodes.Usage : exitCode;
}
catch (Exception e)
{
    return FailureReport.Print(shell, e);
}
