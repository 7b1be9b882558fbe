using Lattice.Core.Disk;

namespace Lattice.Core.Replication;

/// <summary>
/// A file that does nothing but take room, so that there is some to be had on a volume that others have filled to the last byte: compaction has to write a little
/// before it can free anything. Made when there is plenty of room, given up when it is needed.
/// </summary>
internal sealed class SpareRoom(IDisk disk, NodeCoreOptions options)
{
    private const string Name = "reserve";

    private readonly string path = Path.Combine(options.DataDirectory, Name);
    private readonly Lock gate = new();

    // Enough for the next segment of the log and for what a flush of the state writes besides.
    private long Size => Math.Min(options.ReserveBytes / 2, 2 * options.Log.SegmentBytes);

    /// <summary>Makes the file again, if it is not there and the volume stays well above the reserve with it.</summary>
    public void Fill(DiskRoom room)
    {
        lock (gate)
        {
            if (Size == 0 || room.IsShort || room.FreeBytes - Size < 2 * options.ReserveBytes || disk.Exists(path))
            {
                return;
            }

            try
            {
                using IDiskFile file = disk.Open(path, DiskFileMode.Create);
                file.Reserve(Size);
            }
            catch (DiskFullException)
            {
                // Somebody was faster. Half a file is of no use to anybody.
                disk.Delete(path);
            }
        }
    }

    /// <summary>Gives the room to whoever needs it now.</summary>
    public void GiveUp()
    {
        lock (gate)
        {
            disk.Delete(path);
        }
    }

    /// <summary>Gives the room up when a node is to start on a volume that has hardly any.</summary>
    public void GiveUpIfNeeded()
    {
        if (Size > 0 && disk.Exists(path) && disk.FreeBytes(options.DataDirectory) < Size)
        {
            GiveUp();
        }
    }
}
