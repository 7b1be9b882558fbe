namespace Lattice.Core.State;

/// <summary>Whether a write batch may be handed in again when it is not known what became of it.</summary>
public static class Repetition
{
    /// <summary>
    /// True when the batch belongs to a session and each of its commands has a sequence number, so that the state machine answers a second
    /// copy with the result of the first.
    /// </summary>
    public static bool IsSafe(ReadOnlySpan<byte> batch)
    {
        var command = new ParsedCommand();
        if (!WriteBatchReader.TryOpen(batch, command, out WriteBatchReader reader, out _) || reader.Client == UInt128.Zero)
        {
            return false;
        }

        for (int i = 0; i < reader.Count; i++)
        {
            if (!reader.TryRead(command) || command.Sequence == 0)
            {
                return false;
            }
        }

        return true;
    }
}
