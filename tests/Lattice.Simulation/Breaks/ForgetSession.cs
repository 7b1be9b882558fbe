using System.Buffers.Binary;

namespace Lattice.Simulation.Breaks;

/// <summary>Commands reach the replicas without their session, so a command that is sent again is done again.</summary>
internal sealed class ForgetSession : DeliberateBreak
{
    private const int ClientAt = 1;
    private const int LowestAt = ClientAt + 16;
    private const int CountAt = LowestAt + 8;
    private const int CommandsAt = CountAt + 4;

    public override ReadOnlyMemory<byte> RewriteWrite(ReadOnlyMemory<byte> batch)
    {
        byte[] stripped = batch.ToArray();
        stripped.AsSpan(ClientAt, CountAt - ClientAt).Clear();
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(stripped.AsSpan(CountAt));
        int at = CommandsAt;
        for (uint i = 0; i < count; i++)
        {
            stripped.AsSpan(at, 8).Clear();
            at = SkipOperations(stripped, SkipConditions(stripped, at + 8));
        }

        return stripped;
    }

    private static int SkipConditions(ReadOnlySpan<byte> bytes, int at)
    {
        int count = bytes[at++];
        for (int i = 0; i < count; i++)
        {
            byte kind = bytes[at];
            at += 3 + BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 1)..]);
            at += kind switch
            {
                1 => 8,
                3 => 4 + (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]),
                _ => 0,
            };
        }

        return at;
    }

    private static int SkipOperations(ReadOnlySpan<byte> bytes, int at)
    {
        int count = bytes[at++];
        for (int i = 0; i < count; i++)
        {
            byte kind = bytes[at];
            at += 3 + BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 1)..]);
            if (kind == 1)
            {
                at += 4 + (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]) + 8;
            }
        }

        return at;
    }
}
