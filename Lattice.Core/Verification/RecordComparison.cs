using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>
/// Turns rows of the state into what a report shows of them, and says what differs between two. An empty row is no record: it is also what an array that is null becomes
/// on its way into a <see cref="DivergentRecord"/>.
/// </summary>
public static class RecordComparison
{
    /// <summary>Bytes of a value that a report shows at most; of what another replica sent there are no more than these either.</summary>
    public const int MostValueBytes = 4096;

    private const int MostOffsets = 16;

    /// <summary>A record's row as the report shows it.</summary>
    /// <param name="row">Hash, revision, expiry and value, as the engine holds them.</param>
    /// <param name="redact">Whether the value is left out.</param>
    public static ReportedRecord Show(ReadOnlyMemory<byte> row, bool redact)
    {
        ReadOnlySpan<byte> bytes = Whole(row.Span);
        ReadOnlySpan<byte> value = bytes[StateRecord.HeaderSize..];
        ReadOnlySpan<byte> shown = value[..Math.Min(value.Length, MostValueBytes)];
        return new ReportedRecord
        {
            Checksum = Hex(BinaryPrimitives.ReadUInt128LittleEndian(bytes)),
            Revision = new RowView(bytes).Revision,
            ExpiryMs = new RowView(bytes).ExpiryMs,
            // What came from another replica was cut there.
            ValueLength = value.Length == MostValueBytes ? null : value.Length,
            Value = redact ? null : Convert.ToBase64String(shown),
            ValueHash = redact ? Hex(XxHash128.HashToUInt128(shown)) : null,
        };
    }

    /// <summary>A record that is not as it has to be, with what differs.</summary>
    /// <param name="group">The group.</param>
    /// <param name="record">The record.</param>
    /// <param name="redact">Whether values are left out.</param>
    public static ReportedDifference Compare(uint group, DivergentRecord record, bool redact)
    {
        record = record with { Own = OrNone(record.Own), Expected = OrNone(record.Expected) };
        var difference = new ReportedDifference
        {
            Key = ReportedKey.Of(record.Key.Span),
            Own = record.Own is { } own ? Show(own, redact) : null,
            Expected = record.Expected is { } expected ? Show(expected, redact) : null,
            IsExpectedKnown = record.IsExpectedKnown,
            // A row that was cut on its way cannot be vouched for.
            ChecksumHolds = record.Own is { Length: not StateRecord.HeaderSize + MostValueBytes } whole ? StateRecord.IsSound(group, record.Key.Span, whole.Span) : null,
        };
        if (!record.IsExpectedKnown)
        {
            return difference;
        }

        return record.Own is { } mine && record.Expected is { } right
            ? WithDifferences(difference, Whole(mine.Span), Whole(right.Span))
            : difference with { Fields = record.Own is null && record.Expected is null ? [] : [RecordField.Presence] };
    }

    /// <summary>A digest or hash as the report writes it.</summary>
    public static string Hex(UInt128 value) => value.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    private static ReportedDifference WithDifferences(ReportedDifference difference, ReadOnlySpan<byte> own, ReadOnlySpan<byte> expected)
    {
        const int Revision = StateRecord.HashSize;
        const int Expiry = Revision + sizeof(ulong);
        ReadOnlySpan<byte> value = own[StateRecord.HeaderSize..];
        ReadOnlySpan<byte> right = expected[StateRecord.HeaderSize..];
        if (right.Length == MostValueBytes && value.Length > MostValueBytes)
        {
            value = value[..MostValueBytes];
        }

        long checksumBits = BitsBetween(own[..Revision], expected[..Revision]);
        long revisionBits = BitsBetween(own[Revision..Expiry], expected[Revision..Expiry]);
        long expiryBits = BitsBetween(own[Expiry..StateRecord.HeaderSize], expected[Expiry..StateRecord.HeaderSize]);
        long valueBits = BitsBetween(value, right);
        (long bytes, List<int> offsets) = BytesBetween(value, right);
        List<RecordField> fields = [];
        foreach ((RecordField field, long bits) in new[] { (RecordField.Checksum, checksumBits), (RecordField.Revision, revisionBits), (RecordField.Expiry, expiryBits), (RecordField.Value, valueBits) })
        {
            if (bits > 0)
            {
                fields.Add(field);
            }
        }

        return difference with
        {
            Fields = fields,
            DifferentChecksumBits = (int)checksumBits,
            DifferentBits = revisionBits + expiryBits + valueBits,
            DifferentBytes = bytes,
            Offsets = offsets,
        };
    }

    // Bytes that only one of the two has differ in all their bits.
    private static long BitsBetween(ReadOnlySpan<byte> own, ReadOnlySpan<byte> expected)
    {
        int common = Math.Min(own.Length, expected.Length);
        long bits = 8L * (Math.Max(own.Length, expected.Length) - common);
        for (int i = 0; i < common; i++)
        {
            bits += BitOperations.PopCount((uint)(own[i] ^ expected[i]));
        }

        return bits;
    }

    private static (long Bytes, List<int> Offsets) BytesBetween(ReadOnlySpan<byte> own, ReadOnlySpan<byte> expected)
    {
        long bytes = 0;
        List<int> offsets = [];
        for (int i = 0; i < Math.Max(own.Length, expected.Length); i++)
        {
            if (i < own.Length && i < expected.Length && own[i] == expected[i])
            {
                continue;
            }

            bytes++;
            if (offsets.Count < MostOffsets)
            {
                offsets.Add(i);
            }
        }

        return (bytes, offsets);
    }

    private static ReadOnlyMemory<byte>? OrNone(ReadOnlyMemory<byte>? row) => row is { IsEmpty: false } ? row : null;

    // A damaged row may have lost its end.
    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> row)
    {
        if (row.Length >= StateRecord.HeaderSize)
        {
            return row;
        }

        byte[] padded = new byte[StateRecord.HeaderSize];
        row.CopyTo(padded);
        return padded;
    }
}
