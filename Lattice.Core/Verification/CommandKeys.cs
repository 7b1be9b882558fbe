using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>The keys that the commands of an entry name, be it in a condition or in an operation.</summary>
internal static class CommandKeys
{
    /// <summary>The keys; one that is named twice is given twice.</summary>
    public static IReadOnlyList<byte[]> Of(Entry entry)
    {
        var keys = new List<byte[]>();
        if (entry.Kind != EntryKind.Command || !EntryPayload.TryDecode(entry.Data, out EntryPayload? payload))
        {
            return keys;
        }

        var command = new ParsedCommand();
        for (int i = 0; i < payload.Batches.Count; i++)
        {
            ReadOnlySpan<byte> batch = payload.Batches[i].Span;
            if (!WriteBatchReader.TryOpen(batch, command, out WriteBatchReader reader, out int count))
            {
                continue;
            }

            while (count-- > 0 && reader.TryRead(command))
            {
                foreach (ref readonly ParsedCondition condition in command.Conditions)
                {
                    keys.Add(batch[condition.Key].ToArray());
                }

                foreach (ref readonly ParsedOperation operation in command.Operations)
                {
                    keys.Add(batch[operation.Key].ToArray());
                }
            }
        }

        return keys;
    }
}
