using System.Globalization;
using System.Text;
using Lattice.Core.Disk;
using Lattice.Core.State;
using Lattice.Core.Upgrade;

namespace Lattice.Core.Replication;

/// <summary>
/// Who a starting node is. Its identity lies outside of <c>wal/</c>; the log directory names the incarnation whose log it
/// is. When that is missing, the log is gone, and with it every vote and acknowledgement that this node gave: it goes
/// on under a new incarnation, which has no vote until the leader has brought it up to date.
/// </summary>
/// <param name="Identity">The identity, durable.</param>
/// <param name="MayFound">Whether the node never belonged to a cluster and so may found one.</param>
internal sealed record NodeOrigin(NodeIdentity Identity, bool MayFound)
{
    private const string Marker = "incarnation";

    public static string LogDirectory(NodeCoreOptions options) => Path.Combine(options.DataDirectory, "wal");

    public static NodeOrigin Determine(NodeCoreOptions options, NodeDevices devices)
    {
        IDisk disk = devices.Disk;
        string logDirectory = LogDirectory(options);
        disk.CreateDirectory(options.DataDirectory);
        disk.CreateDirectory(logDirectory);

        // What an earlier process named and did not come to sync could be gone after the next crash, when much rests on it.
        disk.SyncDirectory(options.DataDirectory);
        disk.SyncDirectory(logDirectory);
        NodeIdentity? found = NodeIdentity.Load(disk, options.DataDirectory);
        bool hasSegments = disk.List(logDirectory).Any(name => name.EndsWith(".wal", StringComparison.Ordinal));
        if (found is null)
        {
            return hasSegments
                ? throw new NodeStartException($"The data directory {options.DataDirectory} holds a log but no file 'identity', so whose log it is cannot be told. Restore the node from a backup, or move the directory away and start with an empty one: the other nodes then bring this one up to date. Nothing was changed.")
                : New(options, devices, clusterId: 0, isFresh: true);
        }

        if (found.Node != options.Node)
        {
            throw new NodeStartException($"The data directory {options.DataDirectory} belongs to node {found.Node}, not to node {options.Node}. Start node {found.Node} with it, or set [storage] data_dir of node {options.Node} to a directory of its own. Nothing was changed.");
        }

        if (found.ClusterName.Length > 0 && !string.Equals(found.ClusterName, options.ClusterName, StringComparison.Ordinal))
        {
            throw new NodeStartException($"The data directory {options.DataDirectory} belongs to the cluster '{found.ClusterName}', but the configuration file says [cluster] name = \"{options.ClusterName}\". Correct the name or use another data directory. Nothing was changed.");
        }

        if (found.Level > 0)
        {
            FeatureLevelException.ThrowUnlessIn(options.Node, found.Level, options.Levels);
        }

        ulong? logOf = ReadMarker(disk, logDirectory);
        if (logOf == found.Incarnation)
        {
            return new NodeOrigin(found, found.ClusterId == 0);
        }

        if (hasSegments)
        {
            throw new NodeStartException($"The log in {logDirectory} is not the one of this node's present incarnation ({found.Incarnation:x16}; the log says {logOf?.ToString("x16", CultureInfo.InvariantCulture) ?? "nothing"}): it was copied here or belongs to an earlier life of the node. Remove the files in {logDirectory} and start again: the other nodes then bring this one up to date. Nothing was changed.");
        }

        return New(options, devices, found.ClusterId, isFresh: false);
    }

    private static NodeOrigin New(NodeCoreOptions options, NodeDevices devices, ulong clusterId, bool isFresh)
    {
        SnapshotSeed? seed = SnapshotSeed.Find(options, devices.Disk, clusterId);

        // What state there is may hold what the lost log never got agreed, or be half of an earlier seed: it goes.
        Clear(devices.Engine.Value);
        seed?.Install(devices.Engine.Value);
        ulong incarnation = ((ulong)devices.Time.GetUtcNow().ToUnixTimeMilliseconds() << 16) | (uint)devices.Random.Next(1, 1 << 16);
        var identity = new NodeIdentity { Node = options.Node, Incarnation = incarnation, ClusterId = seed?.Info.ClusterId ?? clusterId };

        // The marker first: an identity without its marker means a lost log, and that must not be what a crash here leaves.
        WriteMarker(devices.Disk, LogDirectory(options), incarnation);
        identity.Save(devices.Disk, options.DataDirectory);
        return new NodeOrigin(identity, MayFound: isFresh && seed is null);
    }

    private static void Clear(IStateEngine engine)
    {
        using StateBatch batch = engine.CreateBatch();
        batch.DeleteRange([], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        engine.Write(batch);
        engine.Flush();
    }

    private static ulong? ReadMarker(IDisk disk, string directory)
    {
        string path = Path.Combine(directory, Marker);
        if (!disk.Exists(path))
        {
            return null;
        }

        using IDiskFile file = disk.Open(path, DiskFileMode.Read);
        byte[] text = new byte[16];
        return file.Length == text.Length && file.Read(0, text) == text.Length
            && ulong.TryParse(Encoding.ASCII.GetString(text), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
                ? value
                : null;
    }

    private static void WriteMarker(IDisk disk, string directory, ulong incarnation)
    {
        string path = Path.Combine(directory, Marker);
        string temporary = path + ".new";
        disk.Delete(temporary);
        using (IDiskFile file = disk.Open(temporary, DiskFileMode.Create))
        {
            file.Write(0, Encoding.ASCII.GetBytes(incarnation.ToString("x16", CultureInfo.InvariantCulture)));
            file.Sync();
        }

        disk.Rename(temporary, path);
        disk.SyncDirectory(directory);
    }
}

/// <summary>A node cannot start, or cannot go on, with what it found. The message says what, what it means and what to do.</summary>
public sealed class NodeStartException(string message, Exception? inner = null) : Exception(message, inner);
