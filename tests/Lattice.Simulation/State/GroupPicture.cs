using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Lattice.Core.State;

namespace Lattice.Simulation.State;

/// <summary>
/// All rows of one group at one moment, as its state engine holds them. The epoch, in which replicas may differ (it counts
/// the snapshots that one has installed), is left out.
/// </summary>
internal sealed class GroupPicture(RowTree? rows, uint group)
{
    private readonly uint _epoch = EpochOf(rows, group);

    /// <summary>Depends on every row.</summary>
    public ulong Fingerprint()
    {
        XxHash3 hash = new();
        Span<byte> length = stackalloc byte[4];
        foreach (RowTree row in Rows())
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, row.Key.Length);
            hash.Append(length);
            hash.Append(row.Key.AsSpan(StateKeys.PrefixSize - 1));
            hash.Append(row.Value);
        }

        return hash.GetCurrentHashAsUInt64();
    }

    /// <summary>The rows in which this picture and another differ, for people.</summary>
    public string DifferencesFrom(GroupPicture other)
    {
        SortedDictionary<string, (string? Here, string? There)> both = new(StringComparer.Ordinal);
        foreach (RowTree row in Rows())
        {
            both[Describe(row.Key)] = (Short(row.Value), null);
        }

        foreach (RowTree row in other.Rows())
        {
            string key = Describe(row.Key);
            both[key] = (both.GetValueOrDefault(key).Here, Short(row.Value));
        }

        StringBuilder text = new();
        foreach ((string key, (string? here, string? there)) in both.Where(r => !string.Equals(r.Value.Here, r.Value.There, StringComparison.Ordinal)).Take(12))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {key}: {here ?? "absent"} | {there ?? "absent"}");
        }

        return text.ToString();
    }

    private IEnumerable<RowTree> Rows()
    {
        using RowCursor cursor = new(rows, StateKeys.EpochStart(group, _epoch), StateKeys.EpochStart(group, _epoch + 1));
        while (cursor.Next())
        {
            yield return cursor.Current;
        }
    }

    private static uint EpochOf(RowTree? rows, uint group) =>
        RowTree.Get(rows, StateKeys.Root(group)) is { } root ? GroupMeta.DecodeRoot(group, root) : 1;

    private static string Describe(byte[] key)
    {
        RowKind kind = (RowKind)key[StateKeys.PrefixSize - 1];
        ReadOnlySpan<byte> rest = key.AsSpan(StateKeys.PrefixSize);
        return kind == RowKind.Record ? $"{kind} {Encoding.UTF8.GetString(rest)}" : $"{kind} {Convert.ToHexString(rest)}";
    }

    private static string Short(byte[] value) => value.Length <= 64
        ? Convert.ToHexString(value)
        : string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexString(value.AsSpan(0, 64))}... ({value.Length} bytes, {XxHash3.HashToUInt64(value):x16})");
}
