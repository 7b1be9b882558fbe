using Spectre.Console;

namespace Lattice.Cli.Output;

/// <summary>Makes the console that tables are written to.</summary>
internal static class TableConsole
{
    // Wider than any line: what a script reads is never wrapped.
    private const int Unwrapped = 1000;

    /// <summary>On a terminal colours and its width, else plain text of any width.</summary>
    public static IAnsiConsole Create(Shell shell)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = shell.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = shell.IsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = shell.IsTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(shell.Out),
        });
        console.Profile.Width = shell.IsTerminal && !Console.IsOutputRedirected ? Math.Max(80, Console.WindowWidth) : Unwrapped;
        return console;
    }
}
