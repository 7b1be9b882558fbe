using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Lattice.Core.Disk;

/// <summary>The system calls that .NET does not offer, and the error numbers that matter.</summary>
internal static partial class Posix
{
    private const int Interrupted = 4;
    private const int InputOutput = 5;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int NotSupported = 95;
    private const int QuotaLinux = 122;
    private const int QuotaMac = 69;
    private const int InvalidArgument = 22;
    private const int ReadOnlyFlag = 0;
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMac = 35;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;

    public static bool IsFull(int error) => error is NoSpace or QuotaLinux || (error == QuotaMac && OperatingSystem.IsMacOS());

    public static bool IsFailure(int error) => error is InputOutput or ReadOnlyFileSystem;

    public static string Full(string path) =>
        $"The disk is full: no room to write {path}. Writing goes on by itself when there is room again.";

    public static string SyncFailure(string path, string reason) =>
        $"Syncing {path} failed: {reason}. What was written since the last sync may be lost, so the node has to stop. Check the disk and the kernel log, then start it again.";

    /// <summary><c>fdatasync</c>. Never repeated after a failure: the kernel has then dropped the pages and would report success.</summary>
    public static void SyncData(SafeFileHandle handle, string path)
    {
        while (FDataSync(handle) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw new DiskFailedException(SyncFailure(path, Marshal.GetPInvokeErrorMessage(error)));
            }
        }
    }

    /// <summary><c>posix_fallocate</c>; a file system that has no such thing is no error.</summary>
    public static void Allocate(SafeFileHandle handle, string path, long offset, long length)
    {
        int error;
        do
        {
            error = FAllocate(handle, offset, length);
        }
        while (error == Interrupted);

        if (error is 0 or NotSupported or InvalidArgument)
        {
            return;
        }

        throw IsFull(error)
            ? new DiskFullException(Full(path))
            : new DiskFailedException($"Reserving {length} bytes for {path} failed: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    /// <summary><c>fsync</c> of a directory.</summary>
    public static void SyncDirectory(string path)
    {
        int descriptor = OpenPath(path, ReadOnlyFlag);
        if (descriptor < 0)
        {
            throw new IOException($"The directory {path} cannot be opened: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        while (FSync(handle) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == InvalidArgument)
            {
                // Some network file systems have no sync of directories; they make changes durable as they come.
                return;
            }

            if (error != Interrupted)
            {
                throw new DiskFailedException(SyncFailure(path, Marshal.GetPInvokeErrorMessage(error)));
            }
        }
    }

    /// <summary>Takes the exclusive <c>flock</c> of an open file; false when somebody else has it.</summary>
    public static bool TryLock(SafeFileHandle handle)
    {
        if (OperatingSystem.IsWindows())
        {
            return true;
        }

        return FLock(handle, LockExclusive | LockNonBlocking) == 0
            || Marshal.GetLastPInvokeError() is not (WouldBlockLinux or WouldBlockMac);
    }

    /// <summary>The first line of a small file, without regard to locks; null when it cannot be read.</summary>
    public static string? ReadUnlocked(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        int descriptor = OpenPath(path, ReadOnlyFlag);
        if (descriptor < 0)
        {
            return null;
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        byte[] buffer = new byte[64];
        int count = RandomAccess.Read(handle, buffer, 0);
        return Encoding.ASCII.GetString(buffer, 0, count);
    }

    /// <summary>Gives an existing file a second name.</summary>
    /// <exception cref="IOException">It could not.</exception>
    public static void Link(string existing, string name)
    {
        if (LinkPath(existing, name) != 0)
        {
            throw new IOException($"{existing} could not be given the name {name} as well: error {Marshal.GetLastPInvokeError()} ({Marshal.GetLastPInvokeErrorMessage()}).");
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkPath(string existing, string name);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle handle, int operation);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int FAllocate(SafeFileHandle handle, long offset, long length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenPath(string path, int flags);
}
