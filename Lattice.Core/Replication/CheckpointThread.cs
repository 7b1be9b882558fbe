namespace Lattice.Core.Replication;

/// <summary>Makes checkpoints when they are due: after enough entries, or when the log has grown by enough segments.</summary>
internal sealed class CheckpointThread : IDisposable
{
    private const int SegmentsBetween = 2;

    private readonly NodeCore core;
    private readonly ReplicaHostOptions options;
    private readonly Action<Exception> fatal;
    private readonly Dictionary<uint, ulong> reached = [];
    private readonly ManualResetEventSlim stop = new();
    private readonly Thread thread;
    private int segmentsAfterLast;
    private bool started;

    public CheckpointThread(NodeCore core, ReplicaHostOptions options, Action<Exception> fatal)
    {
        this.core = core;
        this.options = options;
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
                if (IsDue())
                {
                    core.Checkpoint();
                    Note();
                }
            }
        }
        catch (Exception e)
        {
            // A state that cannot be made durable would let the log grow without end, or hide a failing disk.
            fatal(e);
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
