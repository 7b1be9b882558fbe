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
    private const int NotImplemented = 38;
    private const int CurrentDirectory = -100;
    private const uint ExchangeNames = 2;

    // struct statx: 256 bytes, st_uid at 20, st_gid behind it; the mask asks for both.
    private const int StatxSize = 256;
    private const int StatxUser = 20;
    private const uint StatxOwner = 0x8 | 0x10;

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

    /// <summary>Sets the niceness of the calling thread: on Linux each has its own. Refused, it stays as it is.</summary>
    public static void BeNice(int niceness) => _ = SetPriority(which: 0, who: 0, niceness);

    /// <summary>Exchanges the names of two files or directories of one volume at once; false where the file system cannot.</summary>
    /// <exception cref="IOException">It could not for another reason.</exception>
    public static bool TryExchange(string one, string other)
    {
        if (RenameAt(CurrentDirectory, one, CurrentDirectory, other, ExchangeNames) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error is InvalidArgument or NotImplemented
            ? false
            : throw new IOException($"{one} and {other} could not change places: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    /// <summary>User and group that a file belongs to.</summary>
    public static (uint User, uint Group) OwnerOf(string path)
    {
        Span<byte> answer = stackalloc byte[StatxSize];
        return StatX(CurrentDirectory, path, flags: 0, StatxOwner, ref MemoryMarshal.GetReference(answer)) == 0
            ? (MemoryMarshal.Read<uint>(answer[StatxUser..]), MemoryMarshal.Read<uint>(answer[(StatxUser + sizeof(uint))..]))
            : throw new IOException($"Whom {path} belongs to could not be read: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    /// <summary>Gives a file to a user and a group; without the right to do so, it stays as it is.</summary>
    public static void SetOwner(string path, uint user, uint group) => _ = LChown(path, user, group);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, ref byte answer);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LChown(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, uint who, int priority);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int fromDirectory, string from, int toDirectory, string to, uint flags);

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
