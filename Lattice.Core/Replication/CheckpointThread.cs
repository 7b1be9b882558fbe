using Lattice.Core.Disk;

namespace Lattice.Core.Replication;

/// <summary>Makes checkpoints when they are due: after enough entries, or when the log has grown by enough segments; then snapshot files.</summary>
internal sealed class CheckpointThread : IDisposable
{
    private const int SegmentsBetween = 2;

    private readonly NodeCore core;
    private readonly ReplicaHostOptions options;
    private readonly SnapshotKeeper snapshots;
    private readonly SpareRoom spare;
    private readonly Func<long> loggedBytes;
    private readonly Action<Exception> fatal;
    private readonly Dictionary<uint, ulong> reached = [];
    private readonly ManualResetEventSlim stop = new();
    private readonly Thread thread;
    private int segmentsAfterLast;
    private bool started;

    public CheckpointThread(NodeCore core, ReplicaHostOptions options, SnapshotKeeper snapshots, SpareRoom spare, Func<long> loggedBytes, Action<Exception> fatal)
    {
        this.core = core;
        this.options = options;
        this.snapshots = snapshots;
        this.spare = spare;
        this.loggedBytes = loggedBytes;
        this.fatal = fatal;
        segmentsAfterLast = core.Log.SegmentCount;
        thread = new Thread(Work) { Name = "lattice-checkpoints", IsBackground = true };
    }

    public void Start()
    {
        started = true;
        thread.Start();
    }

    public void Dispose()
    {
        stop.Set();
        if (started)
        {
            thread.Join();
        }

        stop.Dispose();
    }

    private void Work()
    {
        try
        {
            while (!stop.Wait(options.CheckpointInterval))
            {
                spare.Fill(core.Space.Latest);
                if (IsDue())
                {
                    TryCheckpoint();
                }
            }
        }
        catch (Exception e)
        {
            // A state that cannot be made durable would let the log grow without end, or hide a failing disk.
            fatal(e);
        }
    }

    private void TryCheckpoint()
    {
        try
        {
            core.Checkpoint();
            Note();
            snapshots.WriteIfDue(loggedBytes());
        }
        catch (DiskFullException)
        {
            // Nothing is dropped before the state is durable. Tried again at the next interval; writes are refused meanwhile.
            core.StateDiskFull = true;
        }
    }

    private bool IsDue()
    {
        if (core.Log.SegmentCount >= segmentsAfterLast + SegmentsBetween)
        {
            return true;
        }

        foreach (Replica replica in core.Replicas)
        {
            if (replica.Status.Applied.Index >= reached.GetValueOrDefault(replica.Group) + (ulong)options.Node.SnapshotInterval)
            {
                return true;
            }
        }

        return false;
    }

    private void Note()
    {
        segmentsAfterLast = core.Log.SegmentCount;
        foreach (Replica replica in core.Replicas)
        {
            reached[replica.Group] = replica.Status.Applied.Index;
        }
    }
}
