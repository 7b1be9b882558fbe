using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Lattice.Core.Consensus;

/// <summary>
/// The bytes of a <see cref="Configuration"/> in entries of the log, in snapshots and in a group's state: a version, flags, the cluster
/// id, then each set of nodes as a count and ids in ascending order, the members with their incarnations. Little-endian; equal configurations have equal bytes.
/// </summary>
public static class ConfigurationCodec
{
    /// <summary>Version of the format.</summary>
    public const byte Version = 1;

    private const byte ImmediateFlag = 1;
    private const int HeaderBytes = 1 + 1 + 8;

    /// <summary>Encodes a configuration.</summary>
    public static byte[] Encode(Configuration configuration) => Encode(configuration, takesEffectWhenAppended: false);

    /// <summary>Decodes a configuration.</summary>
    /// <exception cref="ConfigurationFormatException">The bytes are damaged or of an unknown version.</exception>
    public static Configuration Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes)
        {
            throw new ConfigurationFormatException($"A group's configuration has {bytes.Length} bytes where at least {HeaderBytes} are needed: the entry, snapshot or record that holds it is damaged. Restore the node from a backup, or let the other nodes bring it up to date.");
        }

        if (bytes[0] != Version)
        {
            throw new ConfigurationFormatException($"A group's configuration has format {bytes[0]}; this binary reads format {Version}. It was written by a newer version: upgrade this node.");
        }

        ulong cluster = BinaryPrimitives.ReadUInt64LittleEndian(bytes[2..]);
        ReadOnlySpan<byte> rest = bytes[HeaderBytes..];
        ImmutableSortedDictionary<int, ulong> incarnations = ReadIncarnations(ref rest);
        var configuration = new Configuration
        {
            ClusterId = cluster,
            Incarnations = incarnations,
            Voters = ReadNodes(ref rest),
            OutgoingVoters = ReadNodes(ref rest),
            Learners = ReadNodes(ref rest),
            LearnersNext = ReadNodes(ref rest),
            Removed = ReadNodes(ref rest),
        };
        return rest.IsEmpty
            ? configuration
            : throw new ConfigurationFormatException($"A group's configuration is followed by {rest.Length} bytes that do not belong to it: the entry, snapshot or record that holds it is damaged.");
    }

    /// <summary>
    /// Encodes a configuration for an entry. Entries that found or recover a group take effect as soon as they are in a log,
    /// because without them nobody could acknowledge them; every other one takes effect when it is applied.
    /// </summary>
    internal static byte[] Encode(Configuration configuration, bool takesEffectWhenAppended)
    {
        int nodes = configuration.Voters.Count + configuration.OutgoingVoters.Count + configuration.Learners.Count
            + configuration.LearnersNext.Count + configuration.Removed.Count;
        byte[] bytes = new byte[HeaderBytes + (6 * 4) + (12 * configuration.Incarnations.Count) + (4 * nodes)];
        bytes[0] = Version;
        bytes[1] = takesEffectWhenAppended ? ImmediateFlag : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(2), configuration.ClusterId);
        Span<byte> rest = bytes.AsSpan(HeaderBytes);
        WriteIncarnations(configuration.Incarnations, ref rest);
        WriteNodes(configuration.Voters, ref rest);
        WriteNodes(configuration.OutgoingVoters, ref rest);
        WriteNodes(configuration.Learners, ref rest);
        WriteNodes(configuration.LearnersNext, ref rest);
        WriteNodes(configuration.Removed, ref rest);
        return bytes;
    }

    /// <summary>Whether the entry with these bytes takes effect as soon as it is in a log.</summary>
    internal static bool TakesEffectWhenAppended(ReadOnlySpan<byte> bytes) => bytes.Length > 1 && (bytes[1] & ImmediateFlag) != 0;

    private static void WriteIncarnations(ImmutableSortedDictionary<int, ulong> incarnations, ref Span<byte> rest)
    {
        BinaryPrimitives.WriteInt32LittleEndian(rest, incarnations.Count);
        rest = rest[4..];
        foreach ((int node, ulong incarnation) in incarnations)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, node);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[4..], incarnation);
            rest = rest[12..];
        }
    }

    private static void WriteNodes(ImmutableSortedSet<int> nodes, ref Span<byte> rest)
    {
        BinaryPrimitives.WriteInt32LittleEndian(rest, nodes.Count);
        rest = rest[4..];
        foreach (int node in nodes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, node);
            rest = rest[4..];
        }
    }

    private static ImmutableSortedDictionary<int, ulong> ReadIncarnations(ref ReadOnlySpan<byte> rest)
    {
        int count = ReadCount(ref rest, 12);
        ImmutableSortedDictionary<int, ulong>.Builder incarnations = ImmutableSortedDictionary.CreateBuilder<int, ulong>();
        for (int i = 0; i < count; i++)
        {
            incarnations[BinaryPrimitives.ReadInt32LittleEndian(rest)] = BinaryPrimitives.ReadUInt64LittleEndian(rest[4..]);
            rest = rest[12..];
        }

        return incarnations.ToImmutable();
    }

    private static ImmutableSortedSet<int> ReadNodes(ref ReadOnlySpan<byte> rest)
    {
        int count = ReadCount(ref rest, 4);
        ImmutableSortedSet<int>.Builder nodes = ImmutableSortedSet.CreateBuilder<int>();
        for (int i = 0; i < count; i++)
        {
            nodes.Add(BinaryPrimitives.ReadInt32LittleEndian(rest));
            rest = rest[4..];
        }

        return nodes.ToImmutable();
    }

    private static int ReadCount(ref ReadOnlySpan<byte> rest, int itemBytes)
    {
        int count = rest.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(rest);
        if (count < 0 || count > (rest.Length - 4) / itemBytes)
        {
            throw new ConfigurationFormatException("A group's configuration ends before all of its nodes are named: the entry, snapshot or record that holds it is damaged. Restore the node from a backup, or let the other nodes bring it up to date.");
        }

        rest = rest[4..];
        return count;
    }
}

/// <summary>Bytes that are not a <see cref="Configuration"/>.</summary>
public sealed class ConfigurationFormatException(string message) : Exception(message);
