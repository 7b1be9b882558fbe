using System.Globalization;
using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>Finds the command of an entry that has to do with a record.</summary>
internal static class CommandLookup
{
    /// <summary>The last command of the entry that names the key; null: none does.</summary>
    public static ReportedCommand? Find(Entry entry, ReadOnlySpan<byte> key)
    {
        ReportedCommand? found = null;
        if (entry.Kind != EntryKind.Command || !EntryPayload.TryDecode(entry.Data, out EntryPayload? payload))
        {
            return null;
        }

        var command = new ParsedCommand();
        for (int i = 0; i < payload.Batches.Count; i++)
        {
            ReadOnlySpan<byte> batch = payload.Batches[i].Span;
            if (!WriteBatchReader.TryOpen(batch, command, out WriteBatchReader reader, out int count))
            {
                continue;
            }

            for (int ordinal = 0; ordinal < count; ordinal++)
            {
                reader.TryRead(command);
                if (Names(command, batch, key))
                {
                    found = Describe(entry, i, ordinal, command, batch, reader.Client);
                }
            }
        }

        return found;
    }

    private static bool Names(ParsedCommand command, ReadOnlySpan<byte> batch, ReadOnlySpan<byte> key)
    {
        foreach (ParsedOperation operation in command.Operations)
        {
            if (operation.Kind != OperationKind.Get && batch[operation.Key].SequenceEqual(key))
            {
                return true;
            }
        }

        return false;
    }

    private static ReportedCommand Describe(Entry entry, int number, int ordinal, ParsedCommand command, ReadOnlySpan<byte> batch, UInt128 client)
    {
        var keys = new List<string>();
        int bytes = 0;
        foreach (ParsedCondition condition in command.Conditions)
        {
            keys.Add(ReportedKey.Of(batch[condition.Key]));
            bytes += batch[condition.Key].Length + batch[condition.Value].Length;
        }

        foreach (ParsedOperation operation in command.Operations)
        {
            keys.Add(ReportedKey.Of(batch[operation.Key]));
            bytes += batch[operation.Key].Length + batch[operation.Value].Length;
        }

        string kind = (command.ConditionCount, command.OperationCount) switch
        {
            (0, 1) => command.Operations[0].Kind.ToString().ToLowerInvariant(),
            (1, 1) => "compare-and-set",
            _ => "transaction",
        };
        return new ReportedCommand
        {
            Index = entry.Index,
            Batch = number,
            Ordinal = ordinal,
            Kind = kind,
            Keys = [.. keys.Distinct(StringComparer.Ordinal)],
            Bytes = bytes,
            Session = client == UInt128.Zero ? null : client.ToString("x32", CultureInfo.InvariantCulture),
        };
    }
}
