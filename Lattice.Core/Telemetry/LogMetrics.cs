using System.Diagnostics.Metrics;
using Lattice.Core.Log;

namespace Lattice.Core.Telemetry;

/// <summary>What a node measures of its write-ahead log; recorded by the thread that flushes it.</summary>
internal sealed class LogMetrics
{
    private readonly Histogram<double> write;
    private readonly Histogram<double> sync;
    private readonly Histogram<double> records;
    private readonly Histogram<double> bytes;
    private long writtenBytes;

    public LogMetrics(Meter meter)
    {
        write = meter.CreateHistogram("lattice_log_write_duration_seconds", "s", "Time that handing a flush of the log to the system took, without the sync.", tags: null, Buckets.Steps);
        sync = meter.CreateHistogram("lattice_log_sync_duration_seconds", "s", "Time that fdatasync of the log took.", tags: null, Buckets.Waits);
        records = meter.CreateHistogram("lattice_log_flush_records", "{record}", "Records that shared a flush of the log.", tags: null, Buckets.Counts);
        bytes = meter.CreateHistogram("lattice_log_flush_bytes", "By", "Bytes of a flush of the log.", tags: null, Buckets.Bytes);
        meter.CreateObservableCounter("lattice_log_written_bytes_total", () => Interlocked.Read(ref writtenBytes), "By", "Bytes written to the log since the start.");
    }

    /// <summary>A flush was made.</summary>
    public void Flushed(LogFlush flush, TimeSpan writing, TimeSpan syncing)
    {
        Interlocked.Add(ref writtenBytes, flush.Bytes);
        write.Record(writing.TotalSeconds);
        records.Record(flush.Records);
        bytes.Record(flush.Bytes);
        if (syncing > TimeSpan.Zero)
        {
            sync.Record(syncing.TotalSeconds);
        }
    }
}
