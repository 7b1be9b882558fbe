using System.CommandLine;
using Lattice.Cli;
using Lattice.Cli.Commands;

if (args is ["start", ..])
{
    PrivateCopy.GoOnIn(args);
}

var shell = Shell.OfProcess();
using var signals = new TerminationSignals();
try
{
    // '@' starts values and keys, not response files.
    ParseResult parsed = LatticeCommand.Create(shell).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    var invocation = new InvocationConfiguration
    {
        Output = shell.Out,
        Error = shell.Error,
        EnableDefaultExceptionHandler = false,
        // Signals are handled here: the library's handler does not bear a second one.
        ProcessTerminationTimeout = null,
    };
    shell.TokenFile = parsed.GetValue(CommonOptions.TokenFile);
    int exitCode = await parsed.InvokeAsync(invocation, signals.Requested).ConfigureAwait(false);
    return parsed.Errors.Count > 0 ? ExitCodes.Usage : exitCode;
}
catch (OperationCanceledException) when (signals.Requested.IsCancellationRequested)
{
    await shell.Error.WriteLineAsync("lattice: Interrupted.").ConfigureAwait(false);
    return signals.ExitCode;
}
catch (Exception e)
{
    return FailureReport.Print(shell, e);
}
