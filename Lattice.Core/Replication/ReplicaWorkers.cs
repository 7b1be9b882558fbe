using System.Collections.Concurrent;

namespace Lattice.Core.Replication;

/// <summary>
/// The threads that run the replicas of a node. A replica belongs to one thread for its whole life, so nothing within a
/// group needs a lock and a group's data stays in one core's cache.
/// </summary>
internal sealed class ReplicaWorkers : IDisposable
{
    private readonly Worker[] workers;

    public ReplicaWorkers(int threads, TimeProvider time, Action<Exception> fatal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        workers = new Worker[threads];
        for (int i = 0; i < threads; i++)
        {
            workers[i] = new Worker(i, time, fatal);
        }
    }

    public void Schedule(Replica replica) => workers[replica.Group % (uint)workers.Length].Schedule(replica);

    public void Start()
    {
        foreach (Worker worker in workers)
        {
            worker.Start();
        }
    }

    /// <summary>Ends the threads after what they are doing; replicas scheduled later never run.</summary>
    public void Dispose()
    {
        foreach (Worker worker in workers)
        {
            worker.Dispose();
        }
    }

    private sealed class Worker : IDisposable
    {
        private readonly ConcurrentQueue<Replica> ready = new();
        private readonly SemaphoreSlim signal = new(0);
        private readonly List<Replica> waiting = [];
        private readonly TimeProvider time;
        private readonly Action<Exception> fatal;
        private readonly Thread thread;
        private volatile bool stopping;
        private bool started;

        public Worker(int number, TimeProvider time, Action<Exception> fatal)
        {
            this.time = time;
            this.fatal = fatal;
            thread = new Thread(Work) { Name = $"lattice-replicas-{number}", IsBackground = true };
        }

        public void Schedule(Replica replica)
        {
            ready.Enqueue(replica);
            signal.Release();
        }

        public void Start()
        {
            started = true;
            thread.Start();
        }

        public void Dispose()
        {
            stopping = true;
            signal.Release();
            if (started && thread != Thread.CurrentThread)
            {
                thread.Join();
            }

            // The signal is not disposed of: messages and the log writer still schedule replicas while the node stops. That has no effect
            // and must not fail; without a wait handle the semaphore holds nothing to be given back.
        }

        private void Work()
        {
            try
            {
                while (!stopping)
                {
                    signal.Wait(UntilNextWake());
                    if (!stopping && ready.TryDequeue(out Replica? replica))
                    {
                        Run(replica);
                    }

                    RunOverdue();
                }
            }
            catch (Exception e)
            {
                // A replica that failed half-way through a step must not take another one: the node stops.
                fatal(e);
            }
        }

        private void Run(Replica replica)
        {
            replica.Run();
            bool waits = replica.WakeAt != long.MaxValue;
            if (waits && !waiting.Contains(replica))
            {
                waiting.Add(replica);
            }
        }

        /// <summary>Replicas that hold writes back for a moment's company have to be woken when the moment is over.</summary>
        private void RunOverdue()
        {
            for (int i = waiting.Count - 1; i >= 0 && !stopping; i--)
            {
                Replica replica = waiting[i];
                if (replica.WakeAt <= time.GetTimestamp())
                {
                    replica.Run();
                }

                if (replica.WakeAt == long.MaxValue)
                {
                    waiting.RemoveAt(i);
                }
            }
        }

        private TimeSpan UntilNextWake()
        {
            long next = long.MaxValue;
            foreach (Replica replica in waiting)
            {
                next = Math.Min(next, replica.WakeAt);
            }

            if (next == long.MaxValue)
            {
                return Timeout.InfiniteTimeSpan;
            }

            // Rounded up to whole milliseconds, which is what the wait can do; a wake that is due is not waited for.
            long left = next - time.GetTimestamp();
            return left <= 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling(left * 1000.0 / time.TimestampFrequency));
        }
    }
}
