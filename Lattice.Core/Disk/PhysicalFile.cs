using Microsoft.Win32.SafeHandles;

namespace Lattice.Core.Disk;

/// <summary>A file of this machine.</summary>
internal sealed class PhysicalFile : IDiskFile
{
    /// <summary>Zeros are written in pieces and synced now and then, so that they never fill the queue of the disk that others sync on.</summary>
    private const int ZeroBytes = 1 << 20;
    private const int ZeroSyncBytes = 8 << 20;

    private readonly string _path;
    private readonly SafeFileHandle _handle;

    private PhysicalFile(string path, SafeFileHandle handle)
    {
        _path = path;
        _handle = handle;
    }

    public long Length => RandomAccess.GetLength(_handle);

    public static PhysicalFile Open(string path, DiskFileMode mode) => Guard(path, () => new PhysicalFile(path, File.OpenHandle(
        path,
        mode == DiskFileMode.Create ? FileMode.CreateNew : FileMode.Open,
        mode == DiskFileMode.Read ? FileAccess.Read : FileAccess.ReadWrite,
        FileShare.ReadWrite | FileShare.Delete)));

    public int Read(long offset, Span<byte> buffer)
    {
        int done = 0;
        try
        {
            while (done < buffer.Length)
            {
                int read = RandomAccess.Read(_handle, buffer[done..], offset + done);
                if (read == 0)
                {
                    break;
                }

                done += read;
            }

            return done;
        }
        catch (IOException e)
        {
            throw Classify(_path, e);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        try
        {
            RandomAccess.Write(_handle, data, offset);
        }
        catch (IOException e)
        {
            throw Classify(_path, e);
        }
    }

    public void Preallocate(long length)
    {
        long start = Length;
        if (length <= start)
        {
            return;
        }

        if (OperatingSystem.IsLinux())
        {
            // All or nothing, and in one piece if the file system can; a full disk is found out here.
            Posix.Allocate(_handle, _path, start, length - start);
        }

        // Allocated blocks are still marked as unwritten: each first write would change metadata, and fdatasync would
        // have to commit the journal. Real zeros take that away.
        byte[] zeros = new byte[(int)Math.Min(ZeroBytes, length - start)];
        long unsynced = 0;
        for (long at = start; at < length;)
        {
            int count = (int)Math.Min(zeros.Length, length - at);
            Write(at, zeros.AsSpan(0, count));
            at += count;
            unsynced += count;
            if (unsynced >= ZeroSyncBytes)
            {
                Sync();
                unsynced = 0;
            }
        }
    }

    public void Reserve(long length)
    {
        if (OperatingSystem.IsLinux())
        {
            Posix.Allocate(_handle, _path, 0, length);
        }
        else
        {
            Preallocate(length);
        }
    }

    public void Truncate(long length) => Guard(_path, () => RandomAccess.SetLength(_handle, length));

    public void Sync()
    {
        if (OperatingSystem.IsLinux())
        {
            Posix.SyncData(_handle, _path);
            return;
        }

        try
        {
            RandomAccess.FlushToDisk(_handle);
        }
        catch (IOException e)
        {
            throw new DiskFailedException(Posix.SyncFailure(_path, e.Message), e);
        }
    }

    public void Dispose() => _handle.Dispose();

    internal static void Guard(string path, Action operation) => Guard(path, () =>
    {
        operation();
        return true;
    });

    private static T Guard<T>(string path, Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (IOException e) when (e is not FileNotFoundException and not DirectoryNotFoundException)
        {
            throw Classify(path, e);
        }
    }

    /// <summary>Tells a full disk and a failing one from the rest.</summary>
    private static IOException Classify(string path, IOException e) => e switch
    {
        DiskFullException or DiskFailedException => e,
        _ when Posix.IsFull(e.HResult) => new DiskFullException(Posix.Full(path), e),
        _ when Posix.IsFailure(e.HResult) => new DiskFailedException(
            $"The disk failed at {path}: {e.Message} Nothing on it may be trusted until it has been checked; see the kernel log.", e),
        _ => e,
    };
}
