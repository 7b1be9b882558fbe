using System.IO.Hashing;

namespace Lattice.Core.State;

/// <summary>
/// The slot of a key. Part of the wire format: clients and replicas have to agree on it for ever
/// (<c>docs/wire-format.md</c>).
/// </summary>
public static class SlotHash
{
    /// <summary>How many slots there are.</summary>
    public const int Slots = 16_384;

    /// <summary>
    /// Slot of the key, from 0 to <see cref="Slots"/> - 1. A key with a tag (what stands between the first <c>{</c> and the next
    /// <c>}</c>, unless that is empty) has the slot of its tag, so that keys with one tag can be used in one transaction.
    /// </summary>
    public static int SlotOf(ReadOnlySpan<byte> key)
    {
        int open = key.IndexOf((byte)'{');
        if (open >= 0)
        {
            int length = key[(open + 1)..].IndexOf((byte)'}');
            if (length > 0)
            {
                key = key.Slice(open + 1, length);
            }
        }

        return (int)(XxHash3.HashToUInt64(key) % Slots);
    }
}
