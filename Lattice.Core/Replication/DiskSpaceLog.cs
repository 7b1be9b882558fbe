using System.Globalization;
using Lattice.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Lattice.Core.Replication;

/// <summary>Tells in log and metrics how much room the node's volume has: once when it gets scarce, once when writes are refused, once when that is over.</summary>
internal sealed partial class DiskSpaceLog(DiskSpace space, ILogger logger) : IDisposable
{
    private const double ScarceFrom = 0.80;

    // Told again only when it was clearly better in between.
    private const double PlentyBelow = 0.78;

    private readonly DiskMetrics metrics = new(() => space.Latest);
    private readonly Lock gate = new();
    private bool isScarce;
    private bool isShort;

    /// <summary>Tells what has changed. Any thread; cheap when nothing has.</summary>
    public void Tell()
    {
        if (!gate.TryEnter())
        {
            return;
        }

        try
        {
            Tell(space.Latest);
        }
        finally
        {
            gate.Exit();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => metrics.Dispose();

    private void Tell(DiskRoom room)
    {
        if (room.IsShort != isShort)
        {
            isShort = room.IsShort;
            if (isShort)
            {
                LogShort(MiB(room.FreeBytes), room.Directory, MiB(room.ReserveBytes));
            }
            else
            {
                LogHasRoom(room.Directory, MiB(room.FreeBytes));
            }
        }

        if (!isScarce && room.UsedRatio >= ScarceFrom)
        {
            isScarce = true;
            LogScarce(room.Directory, room.UsedRatio.ToString("P0", CultureInfo.InvariantCulture), MiB(room.FreeBytes), MiB(room.ReserveBytes));
        }
        else if (isScarce && room.UsedRatio < PlentyBelow)
        {
            isScarce = false;
        }
    }

    private static long MiB(long bytes) => bytes >> 20;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The volume of {Directory} is {Used} full: {Free} MiB are free. Below {Reserve} MiB ([storage] reserve_mb) writes are refused. Make room: 'lattice admin compact-log', old snapshots, a larger volume")]
    private partial void LogScarce(string directory, string used, long free, long reserve);

    [LoggerMessage(Level = LogLevel.Error, Message = "Writes are refused on this node: {Free} MiB are free on the volume of {Directory}, less than [storage] reserve_mb = {Reserve}. Groups that it leads go to nodes that have room. Reads, 'lattice admin compact-log', 'lattice admin snapshot' and a stop still work; writes resume by themselves when there is room")]
    private partial void LogShort(long free, string directory, long reserve);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The volume of {Directory} has room again, {Free} MiB: writes are accepted")]
    private partial void LogHasRoom(string directory, long free);
}
