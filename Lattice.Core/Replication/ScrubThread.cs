using Lattice.Core.Consensus;
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
    private readonly IDisk disk;
    private readonly string snapshots;
    private readonly Action<Exception> fatal;
    private readonly CancellationTokenSource stop = new();
    private readonly AutoResetEvent demand = new(initialState: false);
    private readonly ScrubPace pace;
    private readonly Thread thread;
    private readonly bool isPeriodic;
    private readonly Lock gate = new();
    private ScrubStatus status = new(0, IsRunning: false, "", 0, 0, 0, Difference: null);
    private long demanded;
    private bool started;

    public ScrubThread(NodeCore core, ReplicaHostOptions options, IDisk disk, TimeProvider time, Action<Exception> fatal)
    {
        (this.core, this.disk, this.fatal) = (core, disk, fatal);
        snapshots = Path.Combine(options.Node.DataDirectory, "snapshots");
        isPeriodic = options.ScrubBytesPerSecond > 0;
        pace = new ScrubPace(options.ScrubBytesPerSecond, time, stop.Token);
        thread = new Thread(Work) { Name = "lattice-scrub", IsBackground = true };
    }

    /// <summary>How far it is.</summary>
    public ScrubStatus Status
    {
        get
        {
            lock (gate)
            {
                return status with { Bytes = pace.Bytes };
            }
        }
    }

    public void Start()
    {
        started = true;
        thread.Start();
    }

    /// <summary>Asks for a round from here on, as fast as it goes.</summary>
    /// <returns>The number of rounds that are completed when it is done. Asked for while one that was asked for runs or waits, it is that one.</returns>
    public long Demand()
    {
        lock (gate)
        {
            if (demanded <= status.Completed)
            {
                // What the round under way has read already does not count.
                demanded = status.Completed + (status.IsRunning ? 2 : 1);
                pace.IsHeld = false;
                demand.Set();
            }

            return demanded;
        }
    }

    public void Dispose()
    {
        stop.Cancel();
        if (started)
        {
            thread.Join();
        }

        stop.Dispose();
        demand.Dispose();
    }

    private void Work()
    {
        try
        {
            BackgroundThread.GiveWay();
            while (WaitForRound())
            {
                RunRound();
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
        catch (Exception e)
        {
            Found(e.Message);
            fatal(e);
        }
    }

    /// <summary>Waits until a round is due; false: the node stops.</summary>
    private bool WaitForRound()
    {
        lock (gate)
        {
            demand.Reset();
            if (demanded > status.Completed)
            {
                return true;
            }

            pace.IsHeld = true;
        }

        return WaitHandle.WaitAny([stop.Token.WaitHandle, demand], isPeriodic ? Pause : Timeout.InfiniteTimeSpan) != 0;
    }

    private void RunRound()
    {
        Replica[] replicas = [.. core.Replicas.OrderBy(r => r.Group)];
        int parts = replicas.Length + 2;
        pace.Begin();
        for (int i = 0; i < replicas.Length; i++)
        {
            Begin($"group {replicas[i].Group}", i, parts);
            Scrub(replicas[i]);
        }

        Begin("log", parts - 2, parts);
        ScrubLog();
        Begin("snapshot files", parts - 1, parts);
        ScrubSnapshots();
        lock (gate)
        {
            status = status with { Completed = status.Completed + 1, IsRunning = false, Part = "", PartsDone = parts };
        }
    }

    private void Begin(string part, int done, int parts)
    {
        lock (gate)
        {
            status = status with { IsRunning = true, Part = part, PartsDone = done, Parts = parts };
        }
    }

    private void Found(string difference)
    {
        lock (gate)
        {
            status = status with { Difference = difference };
        }
    }

    private void Scrub(Replica replica)
    {
        try
        {
            (GroupSnapshot state, IReadOnlyList<Entry> entries) = Open(replica);
            using (state)
            {
                StateCheck.Run(state, DivergencePhase.Scrub, pace.Read);
            }

            replica.State.Records.CheckCached();
            replica.Log.ThrowIfDamaged(entries);
        }
        catch (StateDivergenceException e)
        {
            Found(e.Message);

            // In its loop the replica fences itself.
            replica.Do(_ => throw new StateDivergenceException(e.Divergence));
        }
    }

    /// <summary>A view of a group's state and the entries that it has in memory, taken in its loop; they do not change, so they are checked beside it.</summary>
    private (GroupSnapshot State, IReadOnlyList<Entry> Entries) Open(Replica replica)
    {
        var opening = new TaskCompletionSource<(GroupSnapshot State, IReadOnlyList<Entry> Entries)>(TaskCreationOptions.RunContinuationsAsynchronously);
        replica.Do(r =>
        {
            try
            {
                opening.SetResult((r.State.OpenSnapshot(), [.. r.Log.Cached]));
            }
            catch (Exception e)
            {
                opening.SetException(e);
            }
        });
        try
        {
            return opening.Task.WaitAsync(stop.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // Opened after all, it must not stay open.
            _ = opening.Task.ContinueWith(static t => t.Result.State.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
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
        Group = null,
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
