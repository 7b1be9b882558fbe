using Lattice.Core.Disk;

namespace Lattice.Core.Replication;

/// <summary>
/// How much room the node's volume has. Below the reserve clients' writes are refused, so that there is always room for what helps: compaction, a snapshot, a stop
/// in order, and the few entries with which groups elect leaders and change their members.
/// </summary>
/// <param name="disk">The disk.</param>
/// <param name="directory">The node's data directory.</param>
/// <param name="reserve">Bytes that have to be free; 0: it does not matter.</param>
internal sealed class DiskSpace(IDisk disk, string directory, long reserve)
{
    // Writes begin again a little above the reserve, or each file that is made or removed would turn them on or off.
    private const int MarginShare = 16;

    private DiskRoom latest = new(directory, long.MaxValue, long.MaxValue, reserve, IsShort: false);

    /// <summary>As of the last <see cref="Look"/>. Any thread.</summary>
    public DiskRoom Latest => Volatile.Read(ref latest);

    /// <summary>Whether less than the reserve is free.</summary>
    public bool IsShort => Latest.IsShort;

    /// <summary>Looks again; one caller at a time.</summary>
    public void Look()
    {
        DiskRoom before = Latest;
        try
        {
            (long free, long total) = (disk.FreeBytes(directory), disk.TotalBytes(directory));
            long needed = before.IsShort ? reserve + (reserve / MarginShare) : reserve;
            Volatile.Write(ref latest, new DiskRoom(directory, free, total, reserve, free < needed));
        }
        catch (IOException)
        {
            // A volume that cannot even be asked is noticed by the log, which says what is wrong with it.
            Volatile.Write(ref latest, before);
        }
    }
}

/// <summary>What is free on a node's volume.</summary>
/// <param name="Directory">The node's data directory.</param>
/// <param name="FreeBytes">Bytes free for an ordinary user.</param>
/// <param name="TotalBytes">Bytes free and in use.</param>
/// <param name="ReserveBytes">Bytes that have to be free for writes to be taken.</param>
/// <param name="IsShort">Whether less than that is free.</param>
public sealed record DiskRoom(string Directory, long FreeBytes, long TotalBytes, long ReserveBytes, bool IsShort)
{
    /// <summary>The part of the volume that is in use, 0 to 1.</summary>
    public double UsedRatio => TotalBytes > 0 ? Math.Clamp(1 - ((double)FreeBytes / TotalBytes), 0, 1) : 0;
}
