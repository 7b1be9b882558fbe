namespace Lattice.Cli;

/// <summary>Ends a command. The message is one paragraph for the operator: what happened, what it means, what to do.</summary>
internal sealed class CommandFailedException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Exit code of the process.</summary>
    public int ExitCode { get; } = exitCode;
}
