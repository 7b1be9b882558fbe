using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Lattice.Simulation.Runtime;

/// <summary>
/// What happened in a run: a fingerprint always, readable lines when somebody wants them. Two runs of one seed have the
/// same fingerprint; if not, something in the code under test depends on more than the seed.
/// </summary>
internal sealed class Trace(VirtualClock clock, Action<string>? sink)
{
    private ulong _fingerprint = 0xCBF29CE484222325;

    /// <summary>Whether lines are written.</summary>
    public bool Enabled => sink is not null;

    /// <summary>Depends on everything mixed in so far, and on its order.</summary>
    public ulong Fingerprint => _fingerprint;

    /// <summary>Lets the fingerprint depend on an event.</summary>
    public void Mix(ulong a, ulong b = 0)
    {
        _fingerprint = ((_fingerprint ^ (ulong)clock.Now) * 0x100000001B3) ^ a;
        _fingerprint = ((_fingerprint * 0x100000001B3) ^ b) * 0x9E3779B97F4A7C15;
    }

    /// <summary>Writes a line about a node (0: the cluster). What it interpolates is evaluated only when lines are written.</summary>
    public void Line(int node, [InterpolatedStringHandlerArgument("")] ref TraceLine line)
    {
        if (sink is null)
        {
            return;
        }

        string who = node == 0 ? "      " : string.Create(CultureInfo.InvariantCulture, $"node {node}");
        sink(string.Create(CultureInfo.InvariantCulture, $"{clock.Now / 1_000_000.0,11:F6}  {who}  {line.Text}"));
    }
}

/// <summary>Builds the text of a trace line, unless nobody reads it.</summary>
[InterpolatedStringHandler]
internal readonly ref struct TraceLine
{
    private readonly StringBuilder? _text;

    public TraceLine(int literalLength, int formattedCount, Trace trace, out bool enabled)
    {
        enabled = trace.Enabled;
        _text = enabled ? new StringBuilder(literalLength + (formattedCount * 12)) : null;
    }

    public string Text => _text?.ToString() ?? "";

    public void AppendLiteral(string text) => _text?.Append(text);

    public void AppendFormatted<T>(T value) => _text?.Append(CultureInfo.InvariantCulture, $"{value}");

    public void AppendFormatted<T>(T value, string format) => _text?.AppendFormat(CultureInfo.InvariantCulture, "{0:" + format + "}", value);
}
