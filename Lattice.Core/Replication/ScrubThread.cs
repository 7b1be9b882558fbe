using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>
/// Reads in the background, again and again, what the node holds, and checks it: the rows of each group against their hashes and digests, cached records and log entries, sealed segments of the log, snapshot files. Slowly, and with
/// what processor time nobody else wants.
/// </summary>
internal sealed class ScrubThread : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly NodeCore core;
    private readonly Func<uint, Task<GroupSnapshot?>> openView;
    private readonly IDisk disk;
    private readonly string snapshots;
    private readonly Action<Exception> fatal;
    private readonly CancellationTokenSource stop = new();
    private readonly ScrubPace pace;
    private readonly Thread thread;
    private bool started;

    public ScrubThread(NodeCore core, ReplicaHostOptions options, Func<uint, Task<GroupSnapshot?>> openView, IDisk disk, TimeProvider time, Action<Exception> fatal)
    {
        (this.core, this.openView, this.disk, this.fatal) = (core, openView, disk, fatal);
        snapshots = Path.Combine(options.Node.DataDirectory, "snapshots");
        pace = new ScrubPace(options.ScrubBytesPerSecond, time, stop.Token);
        thread = new Thread(Work) { Name = "lattice-scrub", IsBackground = true };
    }

    public void Start()
    {
        started = true;
        thread.Start();
    }

    public void Dispose()
    {
        stop.Cancel();
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
            BackgroundThread.GiveWay();
            while (!stop.Token.WaitHandle.WaitOne(Pause))
            {
                foreach (Replica replica in core.Replicas)
                {
                    Scrub(replica);
                }

                ScrubLog();
                ScrubSnapshots();
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
        catch (Exception e)
        {
            fatal(e);
        }
    }

    private void Scrub(Replica replica)
    {
        try
        {
            using GroupSnapshot? view = Open(replica.Group);
            if (view is not null)
            {
                StateCheck.Run(view, DivergencePhase.Scrub, pace.Read);
            }

            replica.State.Records.CheckCached();
            replica.Do(static r => r.Log.CheckCached());
        }
        catch (StateDivergenceException e)
        {
            // In its loop the replica fences itself.
            replica.Do(_ => throw new StateDivergenceException(e.Divergence));
        }
    }

    private GroupSnapshot? Open(uint group)
    {
        Task<GroupSnapshot?> opening = openView(group);
        try
        {
            return opening.WaitAsync(stop.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            _ = opening.ContinueWith(static t => t.Result?.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    private void ScrubLog()
    {
        try
        {
            core.Log.CheckSealed(disk, pace.Read);
        }
        catch (LogCorruptException e)
        {
            throw Damaged(DivergenceKind.LogSegment, e.File, e.Message);
        }
    }

    private static StateDivergenceException Damaged(DivergenceKind kind, string file, string message) => new(new Divergence
    {
        Kind = kind,
        Phase = DivergencePhase.Scrub,
        Group = 0,
        Message = message,
        File = file,
    });

    private void ScrubSnapshots()
    {
        foreach (string name in disk.List(snapshots).Where(name => name.EndsWith(".snap", StringComparison.Ordinal)))
        {
            string path = Path.Combine(snapshots, name);
            IDiskFile? file = TryOpen(path);
            try
            {
                if (file is not null)
                {
                    SnapshotFile.Verify(new PacedFile(file, pace), path);
                }
            }
            catch (SnapshotCorruptException e)
            {
                throw Damaged(DivergenceKind.SnapshotFile, path, e.Message);
            }
        }
    }

    private IDiskFile? TryOpen(string path)
    {
        try
        {
            return disk.Open(path, DiskFileMode.Read);
        }
        catch (FileNotFoundException)
        {
            // A newer one has taken its place.
            return null;
        }
    }
}
