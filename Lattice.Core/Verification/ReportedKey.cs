using System.Text;

namespace Lattice.Core.Verification;

/// <summary>Keys as reports write them: unambiguous, and readable where they are text.</summary>
public static class ReportedKey
{
    private const string HexPrefix = "0x";

    /// <summary>The key itself when it is printable ASCII and does not begin with <c>0x</c>, else <c>0x</c> and its bytes in hexadecimal.</summary>
    public static string Of(ReadOnlySpan<byte> key) =>
        key.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0 && !key.StartsWith("0x"u8)
            ? Encoding.ASCII.GetString(key)
            : HexPrefix + Convert.ToHexStringLower(key);
}
