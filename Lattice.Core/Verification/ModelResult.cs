using System.Buffers.Binary;
using System.IO.Hashing;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>
/// What the reference model says is the result of a command: of one that was carried out its length and hash, which are also all that a session remembers of
/// it; of one that was refused the code, since the words of the message are nobody's business but the reader's.
/// </summary>
/// <param name="Code">Why it is refused; none when it is not.</param>
/// <param name="Revision">Refused: revision that the answer names.</param>
/// <param name="Length">Carried out: bytes of the result.</param>
/// <param name="Hash">Carried out: hash of the result.</param>
internal readonly record struct ModelResult(RefusalCode Code, ulong Revision, int Length, UInt128 Hash)
{
    /// <summary>A refusal.</summary>
    public static ModelResult Refused(ulong revision, RefusalCode code) => new(code, revision, 0, default);

    /// <summary>An answer.</summary>
    public static ModelResult Answered(CommandStatus status, ulong revision, int count, ModelAnswer answer)
    {
        byte[] bytes = answer.Complete(status, revision, count);
        return new ModelResult(RefusalCode.None, 0, bytes.Length, XxHash128.HashToUInt128(bytes)) { Bytes = bytes };
    }

    /// <summary>A result that a session remembers.</summary>
    public static ModelResult Remembered(ReadOnlySpan<byte> bytes) => new(RefusalCode.None, 0, bytes.Length, XxHash128.HashToUInt128(bytes));

    /// <summary>The bytes of a result that was given just now.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Whether the next bytes of a write result say the same; they are passed over then.</summary>
    public bool Takes(ref ReadOnlySpan<byte> results)
    {
        int length = Code == RefusalCode.None ? Length : LengthOfRefusal(results);
        if (length < 0 || length > results.Length || (Code == RefusalCode.None && XxHash128.HashToUInt128(results[..length]) != Hash))
        {
            return false;
        }

        results = results[length..];
        return true;
    }

    // status u8, revision u64, code u16, message: length u16 and text
    private int LengthOfRefusal(ReadOnlySpan<byte> results)
    {
        bool isSame = results.Length >= 13
            && results[0] == (byte)CommandStatus.Refused
            && BinaryPrimitives.ReadUInt64LittleEndian(results[1..]) == Revision
            && BinaryPrimitives.ReadUInt16LittleEndian(results[9..]) == (ushort)Code;
        return isSame ? 13 + BinaryPrimitives.ReadUInt16LittleEndian(results[11..]) : -1;
    }
}

/// <summary>Writes the records of a result, as <c>docs/wire-format.md</c> puts them; used for one result after the other.</summary>
internal sealed class ModelAnswer
{
    private const int HeaderSize = 1 + 8 + 1;
    private const int RecordHeaderSize = 1 + 8 + 8 + 4;

    private byte[] written = new byte[256];
    private int length;

    public void Begin() => length = HeaderSize;

    public void Condition(bool holds, ModelRecord? record)
    {
        Space(1)[0] = holds ? (byte)1 : (byte)0;
        Record(record, withValue: true);
    }

    public void Record(ModelRecord? record, bool withValue)
    {
        if (record is null)
        {
            Space(1)[0] = 0;
            return;
        }

        ReadOnlySpan<byte> value = withValue ? record.Value.Span : default;
        Span<byte> space = Space(RecordHeaderSize + value.Length);
        space[0] = 1;
        BitConverter.TryWriteBytes(space[1..], record.Revision);
        BitConverter.TryWriteBytes(space[9..], record.ExpiryMs);
        BitConverter.TryWriteBytes(space[17..], value.Length);
        value.CopyTo(space[RecordHeaderSize..]);
    }

    public byte[] Complete(CommandStatus status, ulong revision, int count)
    {
        byte[] bytes = written.AsSpan(0, length).ToArray();
        bytes[0] = (byte)status;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(1), revision);
        bytes[9] = (byte)count;
        return bytes;
    }

    private Span<byte> Space(int more)
    {
        if (length + more > written.Length)
        {
            Array.Resize(ref written, Math.Max(2 * written.Length, length + more));
        }

        length += more;
        return written.AsSpan(length - more, more);
    }
}
