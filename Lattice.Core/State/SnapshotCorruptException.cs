namespace Lattice.Core.State;

/// <summary>A snapshot file or stream is damaged or incomplete. The message says where, what it means and what to do.</summary>
public sealed class SnapshotCorruptException : Exception
{
    /// <summary>A damaged stream.</summary>
    public SnapshotCorruptException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>A damaged file.</summary>
    public SnapshotCorruptException(string path, long offset, string what, Exception? inner = null)
        : base($"The snapshot file {path} is damaged or incomplete at offset {offset}: {what} It cannot be restored from, and nothing of it was used. Copy it again from where it came, or take another snapshot.", inner)
    {
        Path = path;
        Offset = offset;
    }

    /// <summary>The file, if it is one.</summary>
    public string? Path { get; }

    /// <summary>Where in the file.</summary>
    public long Offset { get; }
}
