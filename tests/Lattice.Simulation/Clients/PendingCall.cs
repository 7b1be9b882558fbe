using System.Globalization;

namespace Lattice.Simulation.Clients;

/// <summary>A call that a client has under way, over all its attempts.</summary>
internal sealed class PendingCall(uint group, CallKind kind, string label)
{
    public uint Group { get; } = group;

    public CallKind Kind { get; } = kind;

    public string Label { get; } = label;

    public IReadOnlyList<Command> Commands { get; init; } = [];

    public IReadOnlyList<Query> Queries { get; init; } = [];

    /// <summary>Whether the commands may be sent again.</summary>
    public bool Session { get; init; }

    /// <summary>Whether the client tries until it has an answer.</summary>
    public bool Patient { get; init; }

    /// <summary>Whether the lane ends with it.</summary>
    public bool Last { get; init; }

    public long Invoked { get; set; }

    public int Attempts { get; set; }

    /// <summary>Whether an attempt ended without anybody saying that nothing was done.</summary>
    public bool MayHaveHappened { get; set; }

    public bool Over { get; set; }

    /// <summary>Names one command of the batch.</summary>
    public string LabelOf(int command)
    {
        Command c = Commands[command];
        string conditions = string.Join(", ", c.Conditions.Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.Kind} {o.Key} {o.Revision}{Short(o.Value)}")));
        string operations = string.Join(", ", c.Operations.Select(o => $"{o.Kind} {o.Key} {Short(o.Value)}"));
        return string.Create(CultureInfo.InvariantCulture, $"{Label}/{c.Sequence} {(conditions.Length > 0 ? $"if {conditions}: " : "")}{operations}");
    }

    public override string ToString()
    {
        IEnumerable<string> parts = Kind == CallKind.Write
            ? Enumerable.Range(0, Commands.Count).Select(LabelOf)
            : Queries.Select(q => q.To is null ? $"{Label} read {q.From}" : $"{Label} scan {q.From}..{q.To}");
        return string.Create(CultureInfo.InvariantCulture, $"group {Group}: {string.Join("; ", parts)} ({Attempts} attempts)");
    }

    private static string Short(string value) => value.Length <= 40 ? value : value[..40] + "...";
}
