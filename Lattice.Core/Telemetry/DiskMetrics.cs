using System.Diagnostics.Metrics;
using Lattice.Core.Replication;

namespace Lattice.Core.Telemetry;

/// <summary>What a node measures of the volume that its data lies on.</summary>
internal sealed class DiskMetrics : IDisposable
{
    private readonly Meter meter = new(LatticeMeter.Name);

    public DiskMetrics(Func<DiskRoom> room)
    {
        meter.CreateObservableGauge("lattice_disk_used_ratio", () => room().UsedRatio, description: "Part of the data directory's volume that is in use, 0 to 1, as df has it.");
        meter.CreateObservableGauge("lattice_disk_free_bytes", () => room().FreeBytes, description: "Bytes free on the data directory's volume.");
        meter.CreateObservableGauge("lattice_disk_writes_refused", () => room().IsShort ? 1 : 0, description: "1 while less than [storage] reserve_mb is free and this node refuses writes.");
    }

    public void Dispose() => meter.Dispose();
}
