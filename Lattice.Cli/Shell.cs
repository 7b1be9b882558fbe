using System.Text;
using Lattice.Silo.Configuration;

namespace Lattice.Cli;

/// <summary>What a command sees of the process around it: streams, terminal, folders.</summary>
internal sealed class Shell
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Who uses it, for the logs of the nodes.</summary>
    public static string Operator => $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>Results go here.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors and progress go here.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Opens standard input as bytes.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Opens standard output as bytes; only for commands that write nothing to <see cref="Out"/>.</summary>
    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>Whether a person looks at <see cref="Out"/>.</summary>
    public required bool IsTerminal { get; init; }

    /// <summary>Value of <c>--token-file</c>; null: not given.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Where configuration and data lie.</summary>
    public required LatticePaths Paths { get; init; }

    /// <summary>The shell of this process. Output is UTF-8 whatever the locale says: scripts look for it.</summary>
    public static Shell OfProcess() => new()
    {
        Out = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardOutput(), Utf8) { AutoFlush = true }),
        Error = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardError(), Utf8) { AutoFlush = true }),
        OpenInput = Console.OpenStandardInput,
        OpenOutput = Console.OpenStandardOutput,
        IsTerminal = !Console.IsOutputRedirected,
        Paths = LatticePaths.FromEnvironment(),
    };
}
