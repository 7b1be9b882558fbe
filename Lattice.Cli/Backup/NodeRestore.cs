using System.Globalization;
using Lattice.Core.Disk;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Backup;

/// <summary>
/// Puts a backup in the place of a node's data. All is prepared and checked in a directory beside it, which then takes its name. There is no identity in it: the node begins a new
/// incarnation, which has no vote before the others have brought it up to date.
/// </summary>
internal static class NodeRestore
{
    private static readonly PhysicalDisk Disk = new();

    /// <summary>Restores a node.</summary>
    /// <param name="settings">The node.</param>
    /// <param name="archive">The backup.</param>
    /// <param name="force">Whether a backup of another node, or of another cluster of the same name, will do.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="CommandFailedException">It was refused; nothing was changed.</exception>
    public static RestoreReport Run(NodeSettings settings, string archive, bool force, DateTimeOffset now)
    {
        string data = Path.TrimEndingDirectorySeparator(Path.GetFullPath(settings.Storage.DataDirectory));
        if (!File.Exists(archive))
        {
            throw new CommandFailedException(ExitCodes.Negative, $"There is no backup {archive}. Nothing was changed.");
        }

        if (Directory.Exists(data))
        {
            using DataDirectoryLock held = Lock(data);
            return Replace(settings, data, archive, force, now);
        }

        return Replace(settings, data, archive, force, now);
    }

    private static DataDirectoryLock Lock(string data)
    {
        try
        {
            return DataDirectoryLock.Acquire(data);
        }
        catch (DataDirectoryInUseException e)
        {
            throw new CommandFailedException(ExitCodes.Negative, $"The node is running: {e.Message} A restore replaces everything that it has. Stop it first ('systemctl stop lattice@N' or 'lattice stop N').", e);
        }
    }

    private static RestoreReport Replace(NodeSettings settings, string data, string archive, bool force, DateTimeOffset now)
    {
        string stamp = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string prepared = data + ".restoring";
        string aside = FreeName($"{data}.before-restore-{stamp}");
        try
        {
            SaveOrDiscard(prepared, aside);
            string snapshots = Path.Combine(prepared, "snapshots");
            CheckSpace(data, archive);
            Directory.CreateDirectory(snapshots);
            (BackupArchive.Content content, string snapshot) = BackupArchive.Extract(archive, snapshots);
            Check(settings, data, content.Manifest, archive, force);
            Disk.Link(snapshot, Path.Combine(snapshots, SnapshotFile.LatestName));
            Disk.SyncDirectory(snapshots);
            Disk.SyncDirectory(prepared);
            CopyOwner(data, prepared);
            string? former = DirectorySwap.Replace(prepared, data, FreeName(aside));
            return new RestoreReport(settings.Node, archive, content.Manifest, data, former);
        }
        catch (BackupDamagedException e)
        {
            SaveOrDiscard(prepared, aside);
            throw new CommandFailedException(ExitCodes.Negative, $"{e.Message} Nothing was changed.", e);
        }
        catch (CommandFailedException)
        {
            SaveOrDiscard(prepared, aside);
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            SaveOrDiscard(prepared, aside);
            throw new CommandFailedException(ExitCodes.Negative, $"Node {settings.Node} was not restored, its data in {data} is as it was: {e.Message}", e);
        }
    }

    /// <summary>Clears the place where a restore is prepared. What an interrupted restore left there may be the node's former data, which is kept: only a directory in which a node has run has a lock file.</summary>
    private static void SaveOrDiscard(string prepared, string aside)
    {
        if (File.Exists(Path.Combine(prepared, DataDirectoryLock.FileName)))
        {
            Directory.Move(prepared, FreeName(aside));
        }
        else if (Directory.Exists(prepared))
        {
            Directory.Delete(prepared, recursive: true);
        }
    }

    private static void Check(NodeSettings settings, string data, BackupManifest manifest, string archive, bool force)
    {
        if (manifest.Cluster != settings.Cluster.Name)
        {
            throw new CommandFailedException(ExitCodes.Negative, $"The backup {archive} is of the cluster '{manifest.Cluster}', but node {settings.Node} belongs to '{settings.Cluster.Name}'. Use a backup of this cluster. Nothing was changed.");
        }

        if (manifest.Node != settings.Node && !force)
        {
            throw new CommandFailedException(ExitCodes.Negative, $"The backup {archive} is of node {manifest.Node}, not of node {settings.Node}. Any node's backup holds everything, so another one's will do if this node has none: repeat the command with --force. Nothing was changed.");
        }

        string? own = ClusterOf(data);
        if (own is not null && own != manifest.ClusterId && !force)
        {
            throw new CommandFailedException(ExitCodes.Negative, $"The backup {archive} is of the cluster {manifest.ClusterId}, but {data} belongs to another one of the same name ({own}): it was founded anew since. To go back to the backup on all nodes, repeat the command with --force. Nothing was changed.");
        }
    }

    private static string? ClusterOf(string data)
    {
        try
        {
            return NodeIdentity.Load(Disk, data) is { Founding: false } identity ? identity.ClusterId.ToString("x16", CultureInfo.InvariantCulture) : null;
        }
        catch (NodeIdentityException)
        {
            // A damaged identity is a reason to restore, not one to refuse it.
            return null;
        }
    }

    private static void CheckSpace(string data, string archive)
    {
        string parent = Path.GetDirectoryName(data)!;
        Directory.CreateDirectory(parent);
        long needed = new FileInfo(archive).Length;
        long free = Disk.FreeBytes(parent);
        if (free < needed)
        {
            throw new IOException($"{parent} has {free} bytes free and {needed} are needed, since the old data is kept until you remove it. Make room, or move the old data away.");
        }
    }

    /// <summary>The service runs as a user of its own, the restore perhaps not.</summary>
    private static void CopyOwner(string from, string to)
    {
        if (OperatingSystem.IsLinux() && Directory.Exists(from))
        {
            FileOwner.Copy(from, to);
        }
    }

    private static string FreeName(string name)
    {
        string free = name;
        for (int i = 2; Directory.Exists(free); i++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");
        }

        return free;
    }
}
