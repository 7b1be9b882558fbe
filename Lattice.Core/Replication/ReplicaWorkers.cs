using System.Collections.Concurrent;

namespace Lattice.Core.Replication;

/// <summary>
/// The threads that run the replicas of a node. A replica belongs to one thread for its whole life, so nothing within a
/// group needs a lock and a group's data stays in one core's cache.
/// </summary>
internal sealed class ReplicaWorkers : IDisposable
{
    private readonly Worker[] workers;
    private readonly IReplicaTransport transport;

    // Workers that have not come to the end of the latest tick.
    private int inTick;

    public ReplicaWorkers(int threads, TimeProvider time, IReplicaTransport transport, Action<Exception> fatal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        this.transport = transport;
        workers = new Worker[threads];
        for (int i = 0; i < threads; i++)
        {
            workers[i] = new Worker(i, time, transport, TickEnded, fatal);
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

    /// <summary>
    /// All replicas are scheduled for a tick: what they say then, and what could wait for it, goes on its way together when the last of them has run, so that a
    /// node sends one frame to each peer. A thread that is busy with something long holds the others up until the next tick at most.
    /// </summary>
    public void FlushAfterTick()
    {
        if (Interlocked.Exchange(ref inTick, workers.Length) != 0)
        {
            transport.FlushAll();
        }

        foreach (Worker worker in workers)
        {
            worker.MarkEndOfTick();
        }
    }

    private void TickEnded()
    {
        if (Interlocked.Decrement(ref inTick) == 0)
        {
            transport.FlushAll();
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
        // Null: the end of a tick.
        private readonly ConcurrentQueue<Replica?> ready = new();
        private readonly object signal = new();
        private readonly List<Replica> waiting = [];
        private readonly TimeProvider time;
        private readonly IReplicaTransport transport;
        private readonly Action tickEnded;
        private readonly Action<Exception> fatal;
        private readonly Thread thread;
        private volatile bool stopping;
        private bool started;
        private int asleep;

        public Worker(int number, TimeProvider time, IReplicaTransport transport, Action tickEnded, Action<Exception> fatal)
        {
            this.time = time;
            this.transport = transport;
            this.tickEnded = tickEnded;
            this.fatal = fatal;
            thread = new Thread(Work) { Name = $"lattice-replicas-{number}", IsBackground = true };
        }

        public void MarkEndOfTick() => Add(null);

        public void Schedule(Replica replica) => Add(replica);

        private void Add(Replica? replica)
        {
            // Peers and the log may have something to say after the end; nobody is there to hear it.
            if (!stopping)
            {
                ready.Enqueue(replica);
                Wake();
            }
        }

        public void Start()
        {
            started = true;
            thread.Start();
        }

        public void Dispose()
        {
            stopping = true;
            Wake();
            if (started && thread != Thread.CurrentThread)
            {
                thread.Join();
            }
        }

        /// <summary>
        /// The worker says that it sleeps and then looks for work; here work was published and then is looked whether it sleeps. With a full fence between
        /// on both sides one sees the other. A worker that is awake costs whoever schedules no call of the system.
        /// </summary>
        private void Wake()
        {
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref asleep) != 0 && Interlocked.Exchange(ref asleep, 0) != 0)
            {
                lock (signal)
                {
                    Monitor.Pulse(signal);
                }
            }
        }

        private void Work()
        {
            try
            {
                while (!stopping)
                {
                    RunReady();
                    RunOverdue();
                    transport.Flush();
                    Sleep();
                }
            }
            catch (Exception e)
            {
                // A replica that failed half-way through a step must not take another one: the node stops.
                fatal(e);
            }
        }

        /// <summary>Runs those that are scheduled. What they send goes on its way after them all: what several groups say to a peer shares a call.</summary>
        private void RunReady()
        {
            for (int left = ready.Count; left > 0 && !stopping && ready.TryDequeue(out Replica? replica); left--)
            {
                if (replica is null)
                {
                    tickEnded();
                }
                else
                {
                    Run(replica);
                }
            }
        }

        /// <summary>Waits until there is something to do. Never spins: the cores belong to the other groups, the log and the transport.</summary>
        private void Sleep()
        {
            if (!ready.IsEmpty)
            {
                return;
            }

            Volatile.Write(ref asleep, 1);
            Interlocked.MemoryBarrier();
            if (ready.IsEmpty && !stopping && UntilNextWake() is var wait && wait != TimeSpan.Zero)
            {
                lock (signal)
                {
                    if (Volatile.Read(ref asleep) != 0)
                    {
                        Monitor.Wait(signal, wait);
                    }
                }
            }

            Volatile.Write(ref asleep, 0);
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
