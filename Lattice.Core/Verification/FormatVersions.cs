using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.Log;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Upgrade;

namespace Lattice.Core.Verification;

/// <summary>What has to be the same on all nodes of a cluster for them to come to the same state, as reports show it.</summary>
public static class FormatVersions
{
    /// <summary>Versions of the formats that this binary writes, by name of the format.</summary>
    public static IReadOnlyDictionary<string, int> All { get; } = new SortedDictionary<string, int>(StringComparer.Ordinal)
    {
        ["configuration"] = ConfigurationCodec.Version,
        ["entry"] = FeatureLevels.Newest,
        ["frame"] = FrameCodec.Version,
        ["log"] = (int)SegmentHeader.Version,
        ["message"] = MessageCodec.Version,
        ["snapshot"] = SnapshotFileFormat.Version,
        ["state"] = GroupMeta.Version,
    };

    /// <summary>Hash of the limits that a node's state machines apply, in hexadecimal.</summary>
    public static string HashOf(StateLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);

        // A record's text names every limit with its value, also those that are added some day.
        return XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(limits.ToString())).ToString("x16", CultureInfo.InvariantCulture);
    }
}
