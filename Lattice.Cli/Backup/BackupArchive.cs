using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lattice.Core.Disk;
using Lattice.Core.State;

namespace Lattice.Cli.Backup;

/// <summary>Reads backups.</summary>
internal static class BackupArchive
{
    private const int MaxTextBytes = 4 << 20;

    /// <summary>What a backup was found to be.</summary>
    /// <param name="Manifest">What it says about itself.</param>
    /// <param name="SnapshotBytes">Bytes of the snapshot file in it.</param>
    internal sealed record Content(BackupManifest Manifest, long SnapshotBytes);

    /// <summary>Reads a backup to its end and checks everything: the archive's checksums, the snapshot's, the state's digests. Writes nothing.</summary>
    /// <param name="path">The backup.</param>
    /// <param name="pace">Whom it gives way to; null: nobody.</param>
    /// <exception cref="BackupDamagedException">It is damaged, truncated or not a backup.</exception>
    public static Content Verify(string path, HalfTime? pace = null) => Guard(path, () =>
    {
        var end = new EndOfStream();
        Content content = Read(path, end, pace);
        using var file = new ArchivedFile(path, content.Manifest.Snapshot, content.SnapshotBytes, end.Bytes, pace);
        CheckSnapshot(content.Manifest, SnapshotFile.Verify(file, $"{path}:{content.Manifest.Snapshot}"));
        return content;
    });

    /// <summary>Writes the snapshot of a backup into a directory, durably, and checks everything on the way.</summary>
    /// <returns>What it was, and the path of the snapshot.</returns>
    /// <exception cref="BackupDamagedException">The backup is damaged, truncated or not one.</exception>
    public static (Content Content, string Snapshot) Extract(string path, string directory) => Guard(path, () =>
    {
        string unfinished = Path.Combine(directory, "snapshot.unfinished");
        Content content;
        using (FileStream file = PrivateFile.Open(unfinished))
        {
            content = Read(path, file, pace: null);
            file.Flush(flushToDisk: true);
        }

        string snapshot = Path.Combine(directory, content.Manifest.Snapshot);
        File.Move(unfinished, snapshot);
        CheckSnapshot(content.Manifest, SnapshotFile.Verify(new PhysicalDisk(), snapshot));
        return (content, snapshot);
    });

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or JsonException or SnapshotCorruptException)
        {
            throw new BackupDamagedException($"The backup {path} cannot be used: {e.Message} Use another one.", e);
        }
    }

    private static Content Read(string path, Stream snapshot, HalfTime? pace)
    {
        using FileStream file = File.OpenRead(path);
        using var unpacked = new CountingStream(new GZipStream(file, CompressionMode.Decompress));
        using var tar = new TarReader(unpacked);
        BackupManifest? manifest = null;
        long snapshotBytes = -1;
        string? listed = null;
        long length = 2 * TarHeader.BlockSize;
        var found = new StringBuilder();
        while (tar.GetNextEntry() is { } entry)
        {
            length += TarHeader.BlockSize + entry.Length + TarHeader.Padding(entry.Length).Length;
            if (entry.Name == BackupArchiveWriter.SumsName)
            {
                listed = Encoding.ASCII.GetString(ReadText(entry));
            }
            else if (manifest is null && entry.Name == BackupArchiveWriter.ManifestName)
            {
                byte[] text = ReadText(entry);
                manifest = Parse(text);
                Sum(found, SHA256.HashData(text), entry.Name);
            }
            else if (entry.Name == manifest?.Snapshot && snapshotBytes < 0)
            {
                snapshotBytes = entry.Length;
                Sum(found, Copy(entry.DataStream ?? Stream.Null, snapshot, pace), entry.Name);
            }
            else
            {
                throw new InvalidDataException($"It holds a file '{entry.Name}', which no backup has there.");
            }
        }

        // What follows a damaged gzip member is passed over without a word, and so may be what ends the archive.
        unpacked.CopyTo(Stream.Null);
        if (manifest is null || listed is null || snapshotBytes < 0 || unpacked.Count != length)
        {
            throw new InvalidDataException("It breaks off: it was not written or copied to its end, or is not a backup of Lattice.");
        }

        return found.ToString() == listed
            ? new Content(manifest, snapshotBytes)
            : throw new InvalidDataException($"What is in it does not have the checksums that its {BackupArchiveWriter.SumsName} lists.");
    }

    private static void CheckSnapshot(BackupManifest manifest, SnapshotFileInfo info)
    {
        if (info.ClusterId.ToString("x16", CultureInfo.InvariantCulture) != manifest.ClusterId || info.Node != manifest.Node)
        {
            throw new InvalidDataException($"Its snapshot is of node {info.Node} of the cluster {info.ClusterId:x16}, but its {BackupArchiveWriter.ManifestName} says node {manifest.Node} of {manifest.ClusterId}.");
        }
    }

    private static BackupManifest Parse(byte[] text)
    {
        // The format first: a newer one may lack what this one needs.
        using var document = JsonDocument.Parse(text);
        int format = document.RootElement.TryGetProperty("format", out JsonElement value) && value.TryGetInt32(out int number) ? number : 0;
        if (format != BackupManifest.CurrentFormat)
        {
            throw new InvalidDataException($"It has format {format} and this version of Lattice reads format {BackupManifest.CurrentFormat}: read it with the version that wrote it.");
        }

        BackupManifest manifest = document.Deserialize(CliJson.Lines.BackupManifest)!;
        return manifest.Snapshot == Path.GetFileName(manifest.Snapshot) && manifest.Snapshot.EndsWith(".snap", StringComparison.Ordinal)
            ? manifest
            : throw new InvalidDataException($"Its {BackupArchiveWriter.ManifestName} names '{manifest.Snapshot}' as its snapshot, which is no name of one.");
    }

    private static byte[] ReadText(TarEntry entry)
    {
        if (entry.Length > MaxTextBytes)
        {
            throw new InvalidDataException($"Its {entry.Name} has {entry.Length} bytes, which no backup has.");
        }

        byte[] text = new byte[entry.Length];
        (entry.DataStream ?? Stream.Null).ReadExactly(text);
        return text;
    }

    private static byte[] Copy(Stream from, Stream to, HalfTime? pace)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        for (int read = from.Read(buffer); read > 0; read = from.Read(buffer))
        {
            hash.AppendData(buffer.AsSpan(0, read));
            to.Write(buffer.AsSpan(0, read));
            pace?.Pause();
        }

        return hash.GetHashAndReset();
    }

    private static void Sum(StringBuilder sums, byte[] sum, string name) => sums.Append(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(sum)}  {name}\n");
}

/// <summary>A backup cannot be used. The message says what is wrong and what to do.</summary>
internal sealed class BackupDamagedException(string message, Exception? inner = null) : Exception(message, inner);
