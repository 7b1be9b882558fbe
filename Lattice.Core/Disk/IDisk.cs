namespace Lattice.Core.Disk;

/// <summary>
/// The file system as the log and the snapshots use it: few operations, each with a defined meaning after a crash, so
/// that the simulator can break every promise that a real disk does not make. Paths are absolute.
/// </summary>
public interface IDisk
{
    /// <summary>Creates the directory and its parents; the entry is durable on return.</summary>
    void CreateDirectory(string path);

    /// <summary>Names (not paths) of the files of a directory, sorted ordinally; empty when it does not exist.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>Whether the file exists.</summary>
    bool Exists(string path);

    /// <summary>Opens an existing file, or creates one (which fails if it exists).</summary>
    /// <exception cref="IOException">Not found, exists already, or the disk failed.</exception>
    /// <exception cref="DiskFullException">No room for a new file.</exception>
    IDiskFile Open(string path, DiskFileMode mode);

    /// <summary>Renames within a directory, replacing the target. Durable only after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>
    /// Gives an existing file a second name, which must be free, in the same directory. Both are the same file afterwards, or, on a file
    /// system without links, equal ones. Durable only after <see cref="SyncDirectory"/>.
    /// </summary>
    void Link(string existing, string name)
    {
        using IDiskFile source = Open(existing, DiskFileMode.Read);
        using IDiskFile copy = Open(name, DiskFileMode.Create);
        byte[] buffer = new byte[1 << 20];
        long offset = 0;
        for (int read = source.Read(0, buffer); read > 0; read = source.Read(offset, buffer))
        {
            copy.Write(offset, buffer.AsSpan(0, read));
            offset += read;
        }

        copy.Sync();
    }

    /// <summary>Removes the file if it exists. Durable only after <see cref="SyncDirectory"/>.</summary>
    void Delete(string path);

    /// <summary>Makes creations, renames and removals in the directory durable.</summary>
    void SyncDirectory(string directory);

    /// <summary>Bytes free for an ordinary user on the volume that holds the path.</summary>
    long FreeBytes(string path);

    /// <summary>Bytes that an ordinary user could use on that volume if it were empty: those in use and those free.</summary>
    long TotalBytes(string path);
}

/// <summary>How <see cref="IDisk.Open"/> opens a file.</summary>
public enum DiskFileMode
{
    /// <summary>Existing file, reading only.</summary>
    Read,

    /// <summary>Existing file, reading and writing.</summary>
    ReadWrite,

    /// <summary>New file, reading and writing.</summary>
    Create,
}

/// <summary>An open file. Reads at positions may run beside one writer.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads up to <c>buffer.Length</c> bytes at the offset; returns how many, fewer only at the end of the file.</summary>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all bytes at the offset. Not durable before <see cref="Sync"/>.</summary>
    /// <exception cref="DiskFullException">The volume is full; any prefix may have been written.</exception>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Reserves blocks and extends the file with zeros, so that later writes change no metadata.</summary>
    /// <exception cref="DiskFullException">The volume is full.</exception>
    void Preallocate(long length);

    /// <summary>Takes the room for so many bytes away from others without writing them: for a file that is there to be given up.</summary>
    /// <exception cref="DiskFullException">The volume is full.</exception>
    void Reserve(long length) => Preallocate(length);

    /// <summary>Sets the length, dropping or zero-extending.</summary>
    void Truncate(long length);

    /// <summary>Makes all that was written durable (<c>fdatasync</c>). A failure is final: the file must not be used again.</summary>
    /// <exception cref="DiskFailedException">The sync failed; what of the earlier writes is durable is unknown.</exception>
    void Sync();
}

/// <summary>The volume is full. Writing may be tried again when there is room.</summary>
public sealed class DiskFullException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>The disk failed in a way after which nothing it holds may be trusted; the node has to stop.</summary>
public sealed class DiskFailedException(string message, Exception? inner = null) : IOException(message, inner);
