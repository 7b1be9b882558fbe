using Lattice.Grains.Requests;

namespace Lattice.Client.Groups;

/// <summary>
/// What the wire format cannot express is refused before it is queued: in a batch it would fail the requests of other callers with it.
/// </summary>
internal static class EncodingLimits
{
    /// <summary>Looks at a key.</summary>
    /// <exception cref="LatticeRequestException">It is too long.</exception>
    public static void Check(ReadOnlyMemory<byte> key)
    {
        if (key.Length > ushort.MaxValue)
        {
            throw new LatticeRequestException(RefusalReason.KeyTooLarge, $"A key has {key.Length} bytes; no cluster allows more than {ushort.MaxValue}. Nothing was done. Use a shorter key.");
        }
    }

    /// <summary>Looks at a command.</summary>
    /// <exception cref="LatticeRequestException">A key is too long, or there is too much in the command.</exception>
    public static void Check(Command command)
    {
        if (command.Conditions.Count > byte.MaxValue || command.Operations.Count > byte.MaxValue)
        {
            throw new LatticeRequestException(RefusalReason.TransactionTooLarge, $"A command has {command.Conditions.Count} conditions and {command.Operations.Count} operations; no cluster allows more than {byte.MaxValue} of either. Nothing was done. Split the command.");
        }

        for (int i = 0; i < command.Conditions.Count; i++)
        {
            Check(command.Conditions[i].Key);
        }

        for (int i = 0; i < command.Operations.Count; i++)
        {
            Check(command.Operations[i].Key);
        }
    }
}
