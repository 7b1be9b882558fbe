using System.Diagnostics.Metrics;
using Lattice.Core.Log;
using Lattice.Core.Replication;
using Lattice.Core.State;

namespace Lattice.Core.Telemetry;

/// <summary>How a node's log, state, snapshots and scrub stand, read when somebody asks.</summary>
internal static class StorageMetrics
{
    public static void AddTo(Meter meter, NodeCore core, SnapshotKeeper snapshots, ScrubThread scrub, IStateEngine engine, TimeProvider time)
    {
        WriteAheadLog log = core.Log;
        meter.CreateObservableGauge("lattice_log_segments", () => log.SegmentCount, "{file}", "Segments of the log.");
        meter.CreateObservableGauge("lattice_log_bytes", () => core.Replicas.Sum(r => r.Status.LogBytes), "By", "Bytes of entries in the log, all groups together.");
        meter.CreateObservableCounter("lattice_frames_dropped_total", () => core.DroppedFrames, "{frame}", "Frames of peers that were dropped since the start: damaged, or of another version.");

        meter.CreateObservableGauge("lattice_snapshot_age_seconds", () => snapshots.Latest is { } s ? [new((time.GetUtcNow() - s.At).TotalSeconds)] : Array.Empty<Measurement<double>>(), "s", "Age of the newest snapshot file; missing when there is none.");
        meter.CreateObservableGauge("lattice_snapshot_bytes", () => snapshots.Latest?.Bytes ?? 0, "By", "Size of the newest snapshot file.");
        meter.CreateObservableGauge("lattice_snapshot_duration_seconds", () => snapshots.Latest?.Took.TotalSeconds ?? 0, "s", "Time that writing the newest snapshot file took; 0: it was not written since the start.");
        meter.CreateObservableCounter("lattice_snapshots_total", () => snapshots.Written, "{file}", "Snapshot files written since the start.");

        meter.CreateObservableGauge("lattice_scrub_running", () => scrub.Status.IsRunning ? 1 : 0, null, "1: everything that the node holds is being read and checked.");
        meter.CreateObservableGauge("lattice_scrub_progress_ratio", () => scrub.Status is { Parts: > 0 } s ? (double)s.PartsDone / s.Parts : 0, "1", "Parts done of the scrub's round under way, or of the last one.");
        meter.CreateObservableGauge("lattice_scrub_read_bytes", () => scrub.Status.Bytes, "By", "Bytes read in the scrub's round under way, or in the last one.");
        meter.CreateObservableCounter("lattice_scrub_rounds_total", () => scrub.Status.Completed, "{round}", "Rounds of the scrub completed since the start.");

        if (engine is IMeasuredEngine measured)
        {
            Engine(meter, measured);
        }
    }

    private static void Engine(Meter meter, IMeasuredEngine engine)
    {
        Gauge("lattice_rocksdb_keys", "{key}", "Rows of the state, estimated.", "rocksdb.estimate-num-keys");
        Gauge("lattice_rocksdb_table_bytes", "By", "Size of the state's files.", "rocksdb.total-sst-files-size");
        Gauge("lattice_rocksdb_memtable_bytes", "By", "Memory of what was written to the state and is not in its files yet.", "rocksdb.cur-size-all-mem-tables");
        Gauge("lattice_rocksdb_block_cache_bytes", "By", "Memory of blocks of the state's files.", "rocksdb.block-cache-usage");
        Gauge("lattice_rocksdb_level0_files", "{file}", "Files of the state that wait to be merged; many of them slow reads and writes.", "rocksdb.num-files-at-level0");
        Gauge("lattice_rocksdb_pending_compaction_bytes", "By", "Bytes that merging has to rewrite, estimated.", "rocksdb.estimate-pending-compaction-bytes");
        Gauge("lattice_rocksdb_running_compactions", "{job}", "Mergings under way.", "rocksdb.num-running-compactions");
        Gauge("lattice_rocksdb_running_flushes", "{job}", "Flushes of memory to files under way.", "rocksdb.num-running-flushes");
        Gauge("lattice_rocksdb_snapshots", "{snapshot}", "Views of the state that are held open: snapshots, backups, the scrub.", "rocksdb.num-snapshots");
        Gauge("lattice_rocksdb_write_stopped", null, "1: the state takes no writes until merging has caught up.", "rocksdb.is-write-stopped");

        void Gauge(string name, string? unit, string meaning, string property) => meter.CreateObservableGauge(name, () => engine.Figure(property), unit, meaning);
    }
}
