using System.IO.Hashing;

namespace Lattice.Grains.Requests;

/// <summary>The slot of a key, by which it is routed to its group (<c>docs/wire-format.md</c>).</summary>
public static class SlotHash
{
    /// <summary>Number of slots.</summary>
    public const int Slots = 16_384;

    /// <summary>Slot of the key. What stands between the first <c>{</c> and the next <c>}</c> alone decides, unless it is empty.</summary>
    public static int SlotOf(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> hashed = key;
        if (key.IndexOf((byte)'{') is >= 0 and int open && key[(open + 1)..].IndexOf((byte)'}') is > 0 and int length)
        {
            hashed = key.Slice(open + 1, length);
        }

        return (int)(XxHash3.HashToUInt64(hashed) % Slots);
    }
}
