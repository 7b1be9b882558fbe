using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Lattice.Core.Disk;

namespace Lattice.Core.Replication;

/// <summary>
/// Who a replica is (DESIGN, section 4): the file <c>identity</c> in the data directory, outside of the log and the snapshots, so
/// that a node whose log was lost or restored knows that it made promises which it may have forgotten.
/// A text file that people can read; the last line guards against those who also write.
/// </summary>
public sealed record NodeIdentity
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "identity";

    private const string UnfinishedName = FileName + ".tmp";
    private const int Version = 1;
    private const int MaxBytes = 4096;
    private const string ChecksumKey = "checksum";

    /// <summary>Node id, from 1.</summary>
    public required int Node { get; init; }

    /// <summary>Incarnation: a new random number whenever the node starts without the log it had.</summary>
    public required ulong Incarnation { get; init; }

    /// <summary>Identity of the cluster that the node belongs to; 0 when it never belonged to one.</summary>
    public ulong ClusterId { get; init; }

    /// <summary>Name of that cluster; empty when it never belonged to one, or when an older version wrote the file.</summary>
    public string ClusterName { get; init; } = "";

    /// <summary>The cluster's feature level when the node last learned of it; 0: never.</summary>
    public int Level { get; init; }

    /// <summary>Whether the node never belonged to a cluster: only then may it found one, or vote for nodes that do.</summary>
    public bool Founding => ClusterId == 0;

    /// <summary>Reads the identity of a data directory; null when there is none: the node has never run there.</summary>
    /// <exception cref="NodeIdentityException">The file is damaged, or of a newer version.</exception>
    public static NodeIdentity? Load(IDisk disk, string directory)
    {
        string path = Path.Combine(directory, FileName);
        if (!disk.Exists(path))
        {
            return null;
        }

        using IDiskFile file = disk.Open(path, DiskFileMode.Read);
        byte[] content = new byte[Math.Min(file.Length, MaxBytes)];
        int read = file.Read(0, content);
        return Parse(path, Encoding.UTF8.GetString(content, 0, read));
    }

    /// <summary>Writes the identity, replacing the old one at once or not at all; durable on return.</summary>
    public void Save(IDisk disk, string directory)
    {
        string unfinished = Path.Combine(directory, UnfinishedName);
        disk.Delete(unfinished);
        using (IDiskFile file = disk.Open(unfinished, DiskFileMode.Create))
        {
            file.Write(0, Encoding.UTF8.GetBytes(Format()));
            file.Sync();
        }

        disk.Rename(unfinished, Path.Combine(directory, FileName));
        disk.SyncDirectory(directory);
    }

    private string Format()
    {
        string text = string.Create(CultureInfo.InvariantCulture,
            $"# Identity of this Lattice node. Do not edit, copy to another node or delete.\nversion={Version}\nnode={Node}\nincarnation={Incarnation:x16}\ncluster={ClusterId:x16}\nname={ClusterName}\nlevel={Level}\n");
        return string.Create(CultureInfo.InvariantCulture, $"{text}{ChecksumKey}={Checksum(text):x16}\n");
    }

    private static NodeIdentity Parse(string path, string text)
    {
        int end = text.LastIndexOf(ChecksumKey + "=", StringComparison.Ordinal);
        if (end < 0
            || !TryParseHex(text.AsSpan(end + ChecksumKey.Length + 1).TrimEnd('\n'), out ulong checksum)
            || checksum != Checksum(text[..end]))
        {
            throw new NodeIdentityException(path, "it is damaged or was edited.");
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (line[0] != '#' && equals > 0)
            {
                values[line[..equals]] = line[(equals + 1)..];
            }
        }

        if (!values.TryGetValue("version", out string? version)
            || !int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || number < 1)
        {
            throw new NodeIdentityException(path, "it names no version.");
        }

        if (number > Version)
        {
            throw new NodeIdentityException(path, $"it has version {number} and this version of Lattice reads up to {Version}. Start the version of Lattice that last ran here, or a newer one.");
        }

        if (!values.TryGetValue("node", out string? node)
            || !int.TryParse(node, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            || !values.TryGetValue("incarnation", out string? incarnation)
            || !TryParseHex(incarnation, out ulong inc)
            || !values.TryGetValue("cluster", out string? cluster)
            || !TryParseHex(cluster, out ulong clusterId)
            || !int.TryParse(values.GetValueOrDefault("level", "0"), NumberStyles.None, CultureInfo.InvariantCulture, out int level))
        {
            throw new NodeIdentityException(path, "a value is missing or malformed.");
        }

        return new NodeIdentity { Node = id, Incarnation = inc, ClusterId = clusterId, ClusterName = values.GetValueOrDefault("name", ""), Level = level };
    }

    private static bool TryParseHex(ReadOnlySpan<char> text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    private static ulong Checksum(string text) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text));
}

/// <summary>The identity file of a node cannot be used.</summary>
public sealed class NodeIdentityException : IOException
{
    internal NodeIdentityException(string file, string what)
        : base($"The identity file {file} cannot be used: {what} "
            + "Without it nobody knows what this node has promised, so it does not start; nothing was changed. "
            + "Restore the file from a backup of this same node, or empty the whole data directory and let the node join its cluster anew.")
    {
        File = file;
        What = what;
    }

    /// <summary>Path of the file.</summary>
    public string File { get; }

    /// <summary>What is wrong with it.</summary>
    public string What { get; }
}
