using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Lattice.Core.Disk;

namespace Lattice.Cli.Backup;

/// <summary>
/// Writes a backup: a <c>.tar.gz</c> with <c>backup.json</c>, the snapshot file and <c>SHA256SUMS</c>, each part of it a gzip member of its own. The snapshot is compressed in itself,
/// so gzip only frames it. Its length is known at its end, when its header, alone in a member whose length does not depend on what it says, is
/// written once more. Under its own name the file stands when it is whole and durable.
/// </summary>
internal sealed class BackupArchiveWriter : IDisposable
{
    /// <summary>Name of the manifest.</summary>
    public const string ManifestName = "backup.json";

    /// <summary>Name of the list of checksums; <c>sha256sum -c</c> reads it.</summary>
    public const string SumsName = "SHA256SUMS";

    private readonly string path;
    private readonly FileStream file;
    private readonly BackupManifest manifest;
    private readonly List<string> sums = [];
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly long headerOffset;
    private readonly long contentOffset;
    private readonly GZipStream content;
    private bool isCommitted;

    /// <summary>Begins.</summary>
    /// <param name="path">The file, replaced if it exists.</param>
    /// <param name="manifest">What it says about itself.</param>
    /// <exception cref="IOException">It cannot be written there, or somebody else writes it.</exception>
    public BackupArchiveWriter(string path, BackupManifest manifest)
    {
        (this.path, this.manifest) = (path, manifest);
        Unfinished = path + ".partial";
        file = PrivateFile.Open(Unfinished);
        Add(ManifestName, JsonSerializer.SerializeToUtf8Bytes(manifest, CliJson.Indented.BackupManifest));
        headerOffset = file.Position;
        WriteSnapshotHeader();
        contentOffset = file.Position;
        content = Member();
    }

    /// <summary>Where it lies until it is committed.</summary>
    public string Unfinished { get; }

    /// <summary>Bytes of the snapshot so far.</summary>
    public long SnapshotBytes { get; private set; }

    /// <summary>Adds bytes of the snapshot.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        content.Write(bytes);
        hash.AppendData(bytes);
        SnapshotBytes += bytes.Length;
    }

    /// <summary>Makes durable what has reached the file so far; compression may hold some of the rest back.</summary>
    public void Flush() => file.Flush(flushToDisk: true);

    /// <summary>The snapshot is whole: the rest is written, and all of it made durable.</summary>
    public void Finish()
    {
        content.Write(TarHeader.Padding(SnapshotBytes));
        content.Dispose();
        Sum(hash.GetHashAndReset(), manifest.Snapshot);
        Add(SumsName, System.Text.Encoding.ASCII.GetBytes(string.Concat(sums)));
        using (GZipStream end = Member())
        {
            end.Write(new byte[2 * TarHeader.BlockSize]);
        }

        file.Position = headerOffset;
        WriteSnapshotHeader();
        if (file.Position != contentOffset)
        {
            throw new InvalidOperationException($"The header of the snapshot in {Unfinished} ends at {file.Position} now and ended at {contentOffset} before.");
        }

        Flush();
    }

    /// <summary>Gives the file its name, durably.</summary>
    public void Commit()
    {
        file.Dispose();
        File.Move(Unfinished, path, overwrite: true);
        new PhysicalDisk().SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        isCommitted = true;
    }

    /// <summary>Closes; what was not committed is removed.</summary>
    public void Dispose()
    {
        if (file.CanWrite)
        {
            content.Dispose();
        }

        file.Dispose();
        hash.Dispose();
        if (!isCommitted)
        {
            File.Delete(Unfinished);
        }
    }

    private void WriteSnapshotHeader()
    {
        using GZipStream header = Member();
        header.Write(TarHeader.Encode(manifest.Snapshot, SnapshotBytes, manifest.TakenAt));
    }

    private void Add(string name, byte[] bytes)
    {
        using GZipStream member = Member();
        member.Write(TarHeader.Encode(name, bytes.Length, manifest.TakenAt));
        member.Write(bytes);
        member.Write(TarHeader.Padding(bytes.Length));
        if (name != SumsName)
        {
            Sum(SHA256.HashData(bytes), name);
        }
    }

    private void Sum(byte[] sum, string name) => sums.Add($"{Convert.ToHexStringLower(sum)}  {name}\n");

    private GZipStream Member() => new(file, CompressionLevel.NoCompression, leaveOpen: true);
}
