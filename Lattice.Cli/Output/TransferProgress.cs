using System.Diagnostics;
using System.Globalization;

namespace Lattice.Cli.Output;

/// <summary>Tells how far a transfer of unknown length is: on a terminal one line that moves, else a line now and then. Goes where errors go, so that results can be piped.</summary>
internal sealed class TransferProgress(Shell shell, string what)
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(5);

    private readonly long began = Stopwatch.GetTimestamp();
    private long lastTold = Stopwatch.GetTimestamp();
    private bool hasTold;

    /// <summary>So many bytes are there.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="part">What is under way; empty: there is only one thing.</param>
    public void Report(long bytes, string part = "")
    {
        if (Stopwatch.GetElapsedTime(lastTold) < (shell.IsTerminal ? OnTerminal : Elsewhere))
        {
            return;
        }

        lastTold = Stopwatch.GetTimestamp();
        hasTold = true;
        double seconds = Math.Max(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.001);
        string line = string.Create(CultureInfo.InvariantCulture, $"{what}: {HumanText.Bytes(bytes)}, {HumanText.Bytes((long)(bytes / seconds))}/s{(part.Length > 0 ? ", " : "")}{part}");
        shell.Error.Write(shell.IsTerminal ? $"\r{line}\e[K" : line + Environment.NewLine);
    }

    /// <summary>All are there.</summary>
    public void Done()
    {
        if (hasTold && shell.IsTerminal)
        {
            shell.Error.Write("\r\e[K");
        }
    }
}
