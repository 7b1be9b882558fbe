using System.Globalization;
using System.Text;
using Lattice.Core.Consensus;

namespace Lattice.Simulation.Cluster;

/// <summary>Messages as a trace shows them.</summary>
internal static class MessageText
{
    public static string Describe(Message message)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"-> {message.To} {message.Kind} term {message.Term}");
        Add(text, "index", message.Index);
        Add(text, "log term", message.LogTerm);
        Add(text, "commit", message.Commit);
        Add(text, "hint", message.HintIndex);
        Add(text, "context", message.Context);
        text.Append(message.Reject ? " REFUSED" : "").Append(message.Founding ? " founding" : "").Append(message.Transfer ? " transfer" : "");
        if (message.Entries.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" entries {message.Entries[0].Index}..{message.Entries[^1].Index}");
        }

        if (message.Snapshot is { } snapshot)
        {
            text.Append(CultureInfo.InvariantCulture, $" snapshot {snapshot.Position.Index}/{snapshot.Position.Term}");
        }

        return text.ToString();
    }

    private static void Add(StringBuilder text, string name, ulong value)
    {
        if (value != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" {name} {value}");
        }
    }
}
