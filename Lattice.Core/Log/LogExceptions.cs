namespace Lattice.Core.Log;

/// <summary>
/// The write-ahead log holds something that it must not hold: data that was durable is damaged or missing. Nothing on
/// disk has been changed. The node must not go on with what is left, since it may have promised what is lost.
/// </summary>
public sealed class LogCorruptException : IOException
{
    internal LogCorruptException(string file, long offset, string what)
        : base($"The write-ahead log is corrupt: {file} at offset {offset}: {what} "
            + "Records that this node may have acknowledged are damaged, so it refuses to go on; nothing on disk was changed. "
            + "Check the disk, keep a copy of the wal directory for analysis, then empty that directory and start the node again: "
            + "it rejoins as a new incarnation and gets its data from the other members. If it has no other members, restore a backup.")
    {
        File = file;
        Offset = offset;
        What = what;
    }

    /// <summary>Path of the damaged segment.</summary>
    public string File { get; }

    /// <summary>Where in the file the damage begins.</summary>
    public long Offset { get; }

    /// <summary>What is wrong there.</summary>
    public string What { get; }
}

/// <summary>The write-ahead log was written by a newer version of Lattice in a format that this one does not know.</summary>
public sealed class LogVersionException : IOException
{
    internal LogVersionException(string file, uint version)
        : base($"The write-ahead log segment {file} has format version {version}; this version of Lattice reads up to {SegmentHeader.Version}. "
            + "Nothing on disk was changed. Start the node with the version of Lattice that last ran on this data directory, or a newer one.")
    {
        File = file;
        Version = version;
    }

    /// <summary>Path of the segment.</summary>
    public string File { get; }

    /// <summary>Format version found.</summary>
    public uint Version { get; }
}
