namespace Lattice.Cli.Dev;

/// <summary>
/// Ends a node that <c>lattice dev</c> started when that is gone, however it ended: its end of the pipe that is the node's standard
/// input closes with it.
/// </summary>
internal sealed class ParentWatch : IDisposable
{
    /// <summary>Set for nodes that are to be ended with the process that started them.</summary>
    public const string Variable = "LATTICE_STOP_WITH_INPUT";

    private readonly Stream input;

    private ParentWatch(Stream input) => this.input = input;

    /// <summary>Watches if the process that started this one asked for it.</summary>
    public static ParentWatch? Start(Shell shell, Action parentIsGone)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 })
        {
            return null;
        }

        var watch = new ParentWatch(shell.OpenInput());
        new Thread(() => watch.Wait(parentIsGone)) { IsBackground = true, Name = "parent watch" }.Start();
        return watch;
    }

    /// <inheritdoc/>
    public void Dispose() => input.Dispose();

    private void Wait(Action parentIsGone)
    {
        try
        {
            while (input.ReadByte() >= 0)
            {
                // Nothing is expected; only the end counts.
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Also the end.
        }

        try
        {
            parentIsGone();
        }
        catch (ObjectDisposedException)
        {
            // The node has ended by itself meanwhile.
        }
    }
}
