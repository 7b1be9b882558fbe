using Lattice.Core.Disk;

namespace Lattice.Core.Tests.State;

/// <summary>Plain files, as far as snapshot files need them; can run out of room.</summary>
internal sealed class FolderDisk : IDisk
{
    /// <summary>Bytes that may still be written.</summary>
    public long Room { get; set; } = long.MaxValue;

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public IReadOnlyList<string> List(string directory) =>
        Directory.Exists(directory) ? [.. Directory.GetFiles(directory).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)] : [];

    public bool Exists(string path) => File.Exists(path);

    public IDiskFile Open(string path, DiskFileMode mode) => new OpenFile(this, new FileStream(
        path,
        mode == DiskFileMode.Create ? FileMode.CreateNew : FileMode.Open,
        mode == DiskFileMode.Read ? FileAccess.Read : FileAccess.ReadWrite));

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    public void SyncDirectory(string directory)
    {
        // Nothing crashes here.
    }

    public long FreeBytes(string path) => Room;

    public long TotalBytes(string path) => Room;

    private sealed class OpenFile(FolderDisk disk, FileStream stream) : IDiskFile
    {
        public long Length => stream.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            stream.Position = offset;
            return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            disk.Room -= data.Length;
            if (disk.Room < 0)
            {
                throw new DiskFullException("full");
            }

            stream.Position = offset;
            stream.Write(data);
        }

        public void Preallocate(long length) => stream.SetLength(length);

        public void Truncate(long length) => stream.SetLength(length);

        public void Sync() => stream.Flush(flushToDisk: true);

        public void Dispose() => stream.Dispose();
    }
}
