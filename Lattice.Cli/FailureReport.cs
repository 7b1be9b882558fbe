using Lattice.Client;
using Lattice.Silo.Security;

namespace Lattice.Cli;

/// <summary>Turns what ended a command into a paragraph and an exit code.</summary>
internal static class FailureReport
{
    /// <summary>Set to see stack traces.</summary>
    private const string DebugVariable = "LATTICE_DEBUG";

    /// <summary>Prints the failure.</summary>
    public static int Print(Shell shell, Exception failure)
    {
        (int exitCode, string text) = failure switch
        {
            CommandFailedException e => (e.ExitCode, e.Message),
            LatticeAccessException e => (ExitCodes.NotPermitted, e.Message),
            TokenFileException e => (ExitCodes.Negative, e.Message),
            LatticeRequestException e => (ExitCodes.Negative, e.Message),
            LatticeException e => (ExitCodes.Unavailable, e.Message),
            IOException or UnauthorizedAccessException => (ExitCodes.Negative, failure.Message),
            _ => (ExitCodes.Internal, $"An unexpected error ended the command: {failure.GetType().Name}: {failure.Message} This is a defect of Lattice; set {DebugVariable}=1 to see where it happened, and report it."),
        };
        if (Environment.GetEnvironmentVariable(DebugVariable) is { Length: > 0 })
        {
            text = $"{text}\n{failure}";
        }

        shell.Error.WriteLine($"lattice: {text}");
        return exitCode;
    }
}
