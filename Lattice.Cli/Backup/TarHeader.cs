using System.Buffers.Binary;
using System.Text;

namespace Lattice.Cli.Backup;

/// <summary>
/// The header of a file in a tar archive (POSIX ustar). Written by hand since .NET's writer has to know a file's length before its first byte, and that of a stream is
/// known after its last.
/// </summary>
internal static class TarHeader
{
    /// <summary>Bytes of a header; files are padded to multiples of it.</summary>
    public const int BlockSize = 512;

    private const int SizeOffset = 124;
    private const int SizeLength = 12;
    private const int ChecksumOffset = 148;

    // More does not fit into eleven octal digits.
    private const long LargestOctal = (1L << 33) - 1;

    /// <summary>Makes the header.</summary>
    /// <param name="name">Name of at most 100 ASCII characters.</param>
    /// <param name="size">Bytes of the file.</param>
    /// <param name="time">When it was made.</param>
    public static byte[] Encode(string name, long size, DateTimeOffset time)
    {
        byte[] header = new byte[BlockSize];
        Encoding.ASCII.GetBytes(name, header);
        Octal(header, 100, 8, 0b110_000_000);
        Octal(header, 108, 8, 0);
        Octal(header, 116, 8, 0);
        if (size <= LargestOctal)
        {
            Octal(header, SizeOffset, SizeLength, size);
        }
        else
        {
            // As GNU tar, BSD tar and .NET write and read it.
            header[SizeOffset] = 0x80;
            BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(SizeOffset + SizeLength - sizeof(long)), size);
        }

        Octal(header, 136, 12, time.ToUnixTimeSeconds());
        header.AsSpan(ChecksumOffset, 8).Fill((byte)' ');
        header[156] = (byte)'0';
        "ustar"u8.CopyTo(header.AsSpan(257));
        "00"u8.CopyTo(header.AsSpan(263));
        int sum = 0;
        foreach (byte value in header)
        {
            sum += value;
        }

        Octal(header, ChecksumOffset, 7, sum);
        return header;
    }

    /// <summary>Zeros that follow a file.</summary>
    public static byte[] Padding(long size) => new byte[(BlockSize - (size % BlockSize)) % BlockSize];

    private static void Octal(byte[] header, int offset, int length, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(length - 1, '0'), header.AsSpan(offset, length - 1));
}
