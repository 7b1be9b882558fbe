using System.Globalization;
using System.Text;

namespace Lattice.Cli.Output;

/// <summary>Keys and values are bytes; this shows them as one line of text without losing any.</summary>
internal static class ByteText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text if the bytes are UTF-8, else null.</summary>
    public static string? Utf8OrNull(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>UTF-8 as it is, with control characters, backslashes and bytes that are not UTF-8 escaped as <c>\n</c>, <c>\t</c>, <c>\\</c>, <c>\xHH</c>.</summary>
    public static string Escape(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            bool valid = Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) == System.Buffers.OperationStatus.Done;
            if (valid && !Rune.IsControl(rune) && rune.Value != '\\')
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (byte value in bytes[..used])
                {
                    Append(text, value);
                }
            }

            bytes = bytes[used..];
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, byte value) => _ = value switch
    {
        (byte)'\n' => text.Append("\\n"),
        (byte)'\r' => text.Append("\\r"),
        (byte)'\t' => text.Append("\\t"),
        (byte)'\\' => text.Append("\\\\"),
        _ => text.Append(CultureInfo.InvariantCulture, $"\\x{value:X2}"),
    };
}
