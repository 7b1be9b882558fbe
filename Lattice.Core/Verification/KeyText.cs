using System.Text;

namespace Lattice.Core.Verification;

/// <summary>A key as people read it.</summary>
internal static class KeyText
{
    /// <summary>The key in quotes when it is printable ASCII, else in hexadecimal.</summary>
    public static string Of(ReadOnlySpan<byte> key) => key.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0
        ? $"'{Encoding.ASCII.GetString(key)}'"
        : $"0x{Convert.ToHexStringLower(key)}";
}
