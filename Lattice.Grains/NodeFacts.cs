using System.Security.Cryptography;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.Grains;

/// <summary>What this node runs, as divergence reports show it.</summary>
public sealed class NodeFacts(NodeInfo node, ReplicaHost host, TimeProvider time)
{
    // Read once, and only when somebody wants to know: the binary is large.
    private static readonly Lazy<string> Binary = new(HashBinary);

    /// <summary>Hash of the binary, in hexadecimal; empty: not known. Takes a moment the first time.</summary>
    public static string Build => Binary.Value;

    /// <summary>The facts as they are now.</summary>
    public ReportedNode Get() => Of(node, host.Catalog.Limits, time.GetUtcNow());

    /// <summary>The facts of a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="limits">The limits that its state machines apply; null: not known.</param>
    /// <param name="now">The time.</param>
    public static ReportedNode Of(NodeInfo node, StateLimits? limits, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(node);
        return new ReportedNode
        {
            Node = node.Node,
            Version = node.Version,
            Build = Build,
            LimitsHash = limits is null ? null : FormatVersions.HashOf(limits),
            Settings = node.Settings,
            Formats = FormatVersions.All,
            UptimeSeconds = Math.Max(0, (long)(now - node.StartedAt).TotalSeconds),
        };
    }

    private static string HashBinary()
    {
        if (Environment.ProcessPath is not { } binary)
        {
            return "";
        }

        using FileStream file = File.OpenRead(binary);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
