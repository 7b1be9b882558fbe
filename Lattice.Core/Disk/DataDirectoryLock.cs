using System.Globalization;
using System.Text;

namespace Lattice.Core.Disk;

/// <summary>
/// Keeps a data directory to one process: the file <c>LOCK</c> in it is held with an exclusive lock of the operating system,
/// which ends with the process however that ends. The file's content, the process id, is for people only.
/// </summary>
public sealed class DataDirectoryLock : IDisposable
{
    /// <summary>Name of the lock file.</summary>
    public const string FileName = "LOCK";

    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock. The directory must exist.</summary>
    /// <exception cref="DataDirectoryInUseException">Another process, or another lock of this one, holds it.</exception>
    public static DataDirectoryLock Acquire(string directory)
    {
        string path = Path.Combine(directory, FileName);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException)
        {
            throw new DataDirectoryInUseException(directory, ReadHolder(path), e);
        }

        // FileShare.None is the same lock, unless an environment variable has turned .NET's use of it off.
        if (!Posix.TryLock(file.SafeFileHandle))
        {
            file.Dispose();
            throw new DataDirectoryInUseException(directory, ReadHolder(path), inner: null);
        }

        byte[] content = Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        file.SetLength(0);
        file.Write(content);
        file.Flush();
        return new DataDirectoryLock(file);
    }

    /// <summary>Gives the lock up. The file stays: removing it could take the lock from a process that has just opened it.</summary>
    public void Dispose()
    {
        _file.SetLength(0);
        _file.Dispose();
    }

    private static int? ReadHolder(string path) => Posix.ReadUnlocked(path) is { } text
        && int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : null;
}

/// <summary>Another process works in the data directory.</summary>
public sealed class DataDirectoryInUseException : IOException
{
    internal DataDirectoryInUseException(string directory, int? processId, Exception? inner)
        : base(
            $"The data directory {directory} is in use by {(processId is { } id ? "process " + id.ToString(CultureInfo.InvariantCulture) : "another process")}. "
            + "Two nodes must never share one: stop that process, or give this node a data directory of its own. Nothing was changed.",
            inner)
    {
        Directory = directory;
        ProcessId = processId;
    }

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>The process that holds it, when it could be found out.</summary>
    public int? ProcessId { get; }
}
