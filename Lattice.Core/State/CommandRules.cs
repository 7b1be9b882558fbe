using System.Text;

namespace Lattice.Core.State;

/// <summary>
/// What commands and queries may be: sizes, one slot, no key written twice. Depends on nothing but the bytes and the limits, so every
/// replica refuses the same.
/// </summary>
internal sealed class CommandRules(StateLimits limits, Func<int, bool>? ownsSlot)
{
    private const int LongestShownKey = 64;

    /// <summary>Why the command is refused; a code of none when it is not.</summary>
    public (RefusalCode Code, string Message) Check(ParsedCommand command, ReadOnlySpan<byte> batch)
    {
        int most = limits.MaxTransactionOperations;
        if (command.OperationCount > most || command.ConditionCount > most)
        {
            return (RefusalCode.TransactionTooLarge, $"The command has {command.OperationCount} operations and {command.ConditionCount} conditions; the limit is {most} of each (max_transaction_operations). Split it.");
        }

        int slot = -1;
        foreach (ref readonly ParsedCondition condition in command.Conditions)
        {
            if (CheckKey(batch[condition.Key], ref slot) is { Code: not RefusalCode.None } refusal)
            {
                return refusal;
            }
        }

        foreach (ref readonly ParsedOperation operation in command.Operations)
        {
            ReadOnlySpan<byte> key = batch[operation.Key];
            if (CheckKey(key, ref slot) is { Code: not RefusalCode.None } refusal)
            {
                return refusal;
            }

            int length = batch[operation.Value].Length;
            if (length > limits.MaxValueBytes)
            {
                return (RefusalCode.ValueTooLarge, $"The value of the key {Show(key)} has {length} bytes; the limit is {limits.MaxValueBytes} (max_value_bytes).");
            }
        }

        return CheckWrittenOnce(command, batch);
    }

    /// <summary>Why a key may not be asked for here.</summary>
    public (RefusalCode Code, string Message) CheckKey(ReadOnlySpan<byte> key)
    {
        int slot = -1;
        return CheckKey(key, ref slot);
    }

    /// <summary>Why a range may not be asked for. Its ends may be one byte longer than a key: a page begins after the last key of the one before.</summary>
    public (RefusalCode Code, string Message) CheckRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        int length = Math.Max(from.Length, to.Length);
        return length > limits.MaxKeyBytes + 1
            ? (RefusalCode.KeyTooLarge, $"An end of the range has {length} bytes; the limit of a key is {limits.MaxKeyBytes} (max_key_bytes).")
            : default;
    }

    private (RefusalCode Code, string Message) CheckKey(ReadOnlySpan<byte> key, ref int slot)
    {
        if (key.IsEmpty)
        {
            return (RefusalCode.Malformed, "A key is empty; keys have at least one byte.");
        }

        if (key.Length > limits.MaxKeyBytes)
        {
            return (RefusalCode.KeyTooLarge, $"The key {Show(key)} has {key.Length} bytes; the limit is {limits.MaxKeyBytes} (max_key_bytes).");
        }

        int own = SlotHash.SlotOf(key);
        if (own == slot)
        {
            return default;
        }

        if (slot >= 0)
        {
            return (RefusalCode.KeysInDifferentSlots, $"The key {Show(key)} lies in slot {own}, but a key before it in slot {slot}. All keys of a transaction lie in one slot: give them the same tag in braces, as in {{order-7}}/items.");
        }

        slot = own;
        return ownsSlot is null || ownsSlot(own)
            ? default
            : (RefusalCode.WrongGroup, $"The key {Show(key)} lies in slot {own}, which another group holds. Ask for the cluster's layout anew.");
    }

    private static (RefusalCode Code, string Message) CheckWrittenOnce(ParsedCommand command, ReadOnlySpan<byte> batch)
    {
        Span<ParsedOperation> operations = command.Operations;
        for (int i = 1; i < operations.Length; i++)
        {
            if (operations[i].Kind == OperationKind.Get)
            {
                continue;
            }

            ReadOnlySpan<byte> key = batch[operations[i].Key];
            for (int j = 0; j < i; j++)
            {
                if (operations[j].Kind != OperationKind.Get && batch[operations[j].Key].SequenceEqual(key))
                {
                    return (RefusalCode.KeyWrittenTwice, $"The command writes the key {Show(key)} twice.");
                }
            }
        }

        return default;
    }

    private static string Show(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> shown = key[..Math.Min(key.Length, LongestShownKey)];
        string dots = shown.Length < key.Length ? "…" : "";
        return shown.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0
            ? $"'{Encoding.ASCII.GetString(shown)}{dots}'"
            : $"0x{Convert.ToHexStringLower(shown)}{dots}";
    }
}
