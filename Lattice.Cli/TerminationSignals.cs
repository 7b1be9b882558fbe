using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lattice.Cli;

/// <summary>
/// SIGINT and SIGTERM ask the command to end in order. Both may come, and more than once: a terminal signals all processes in the
/// foreground, a supervisor signals again. A second Ctrl-C after a while ends the process at once.
/// </summary>
internal sealed class TerminationSignals : IDisposable
{
    private const int SignalExitBase = 128;
    private const int SigInt = 2;
    private const int SigTerm = 15;

    // What comes sooner is the same wish told twice.
    private static readonly TimeSpan Insistence = TimeSpan.FromSeconds(1);

    // Longer than any orderly end takes: a node that hands over its leaderships, or `dev` that stops its nodes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource requested = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private readonly Lock gate = new();
    private Timer? force;
    private long firstAt;

    /// <summary>Begins to listen.</summary>
    public TerminationSignals()
    {
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle));
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle));
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Requested => requested.Token;

    /// <summary>Exit code of a command that a signal ended before it was done.</summary>
    public int ExitCode { get; private set; } = SignalExitBase + SigInt;

    /// <inheritdoc/>
    public void Dispose()
    {
        registrations.ForEach(r => r.Dispose());
        force?.Dispose();
        requested.Dispose();
    }

    private void Handle(PosixSignalContext signal)
    {
        lock (gate)
        {
            bool first = firstAt == 0;
            if (first)
            {
                firstAt = Stopwatch.GetTimestamp();
                force = new Timer(_ => Environment.Exit(ExitCode), state: null, Patience, Timeout.InfiniteTimeSpan);
                ExitCode = SignalExitBase + (signal.Signal == PosixSignal.SIGTERM ? SigTerm : SigInt);
            }

            signal.Cancel = first || signal.Signal != PosixSignal.SIGINT || Stopwatch.GetElapsedTime(firstAt) < Insistence;
            if (!first)
            {
                return;
            }
        }

        requested.Cancel();
    }
}
