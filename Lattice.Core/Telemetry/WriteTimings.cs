using System.Diagnostics.Metrics;

namespace Lattice.Core.Telemetry;

/// <summary>How long the steps of a write take in the groups of a node.</summary>
internal sealed class WriteTimings(Meter meter)
{
    private readonly Histogram<double> append = meter.CreateHistogram("lattice_append_duration_seconds", "s", "Time from an entry's way into the log until it was durable on this node.", tags: null, Buckets.Waits);
    private readonly Histogram<double> commit = meter.CreateHistogram("lattice_commit_duration_seconds", "s", "Time from the proposal of an entry by this leader until a majority had it.", tags: null, Buckets.Waits);
    private readonly Histogram<double> apply = meter.CreateHistogram("lattice_apply_duration_seconds", "s", "Time that executing, checking and storing a batch of committed entries took.", tags: null, Buckets.Steps);

    // No unit: the exporter would add it to the name, which is fixed.
    private readonly Histogram<double> verification = meter.CreateHistogram("lattice_verification_latency_us", unit: null, "Microseconds that the check of a batch of entries against the reference model took.", tags: null, Buckets.Microseconds);
    private readonly Histogram<double> entryWrites = meter.CreateHistogram("lattice_entry_writes", "{batch}", "Write batches of clients that shared an entry of the log.", tags: null, Buckets.Counts);

    /// <summary>Those of one group.</summary>
    public Group Of(uint group) => new(this, GroupLabel.Of(group));

    /// <summary>The measurements of one group, each series of which only its loop writes: no lock is shared between groups.</summary>
    internal sealed class Group(WriteTimings of, KeyValuePair<string, object?> label)
    {
        public void Appended(TimeSpan took) => of.append.Record(took.TotalSeconds, label);

        public void Committed(TimeSpan took) => of.commit.Record(took.TotalSeconds, label);

        public void Applied(TimeSpan took) => of.apply.Record(took.TotalSeconds, label);

        public void Verified(TimeSpan took) => of.verification.Record(took.TotalMicroseconds, label);

        public void Proposed(int writes) => of.entryWrites.Record(writes, label);
    }
}
