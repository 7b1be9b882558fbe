namespace Lattice.Simulation.Runtime;

/// <summary>
/// Time of a simulation and the queue of what happens in it. Single-threaded: everything in a simulated cluster is an
/// event here, and events run in the order of (time, order of scheduling), so a run is a function of its seed.
/// Times are microseconds since the start.
/// </summary>
internal sealed class VirtualClock : TimeProvider
{
    /// <summary>Microseconds in a millisecond.</summary>
    public const long Millisecond = 1_000;

    /// <summary>Microseconds in a second.</summary>
    public const long Second = 1_000_000;

    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<ScheduledEvent, (long Time, long Sequence)> _queue = new();
    private long _sequence;

    /// <summary>Microseconds since the start.</summary>
    public long Now { get; private set; }

    /// <summary>Events executed so far.</summary>
    public long Executed { get; private set; }

    /// <summary>Runs the action at the time, or next if that is past.</summary>
    public ScheduledEvent At(long time, Action action)
    {
        ScheduledEvent scheduled = new(action);
        _queue.Enqueue(scheduled, (Math.Max(time, Now), _sequence++));
        return scheduled;
    }

    /// <summary>Runs the action after so many microseconds.</summary>
    public ScheduledEvent After(long delay, Action action) => At(Now + delay, action);

    /// <summary>Executes the next event; false when there is none.</summary>
    public bool Step()
    {
        while (_queue.TryDequeue(out ScheduledEvent? next, out (long Time, long Sequence) due))
        {
            if (next.Action is not { } action)
            {
                continue;
            }

            Now = due.Time;
            Executed++;
            next.Cancel();
            action();
            return true;
        }

        return false;
    }

    /// <summary>Executes events until the time has come or the condition holds; false when neither the condition holds nor anything is left to do before the time.</summary>
    public bool RunUntil(long time, Func<bool>? condition = null)
    {
        while (condition?.Invoke() != true)
        {
            if (!_queue.TryPeek(out _, out (long Time, long Sequence) due) || due.Time > time)
            {
                Now = Math.Max(Now, time);
                return condition is null;
            }

            Step();
        }

        return true;
    }

    public override long TimestampFrequency => Second;

    public override long GetTimestamp() => Now;

    public override DateTimeOffset GetUtcNow() => Epoch.AddMicroseconds(Now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new VirtualTimer(this, () => callback(state), dueTime, period);

    /// <summary>An event in the queue.</summary>
    internal sealed class ScheduledEvent(Action action)
    {
        public Action? Action { get; private set; } = action;

        /// <summary>Keeps the event from happening, if it has not happened yet.</summary>
        public void Cancel() => Action = null;
    }

    private sealed class VirtualTimer : ITimer
    {
        private readonly VirtualClock _clock;
        private readonly Action _callback;
        private TimeSpan _period;
        private ScheduledEvent? _next;

        public VirtualTimer(VirtualClock clock, Action callback, TimeSpan dueTime, TimeSpan period)
        {
            _clock = clock;
            _callback = callback;
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _next?.Cancel();
            _period = period;
            _next = dueTime == Timeout.InfiniteTimeSpan ? null : _clock.After((long)dueTime.TotalMicroseconds, Fire);
            return true;
        }

        public void Dispose() => _next?.Cancel();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire()
        {
            if (_period != Timeout.InfiniteTimeSpan && _period > TimeSpan.Zero)
            {
                _next = _clock.After((long)_period.TotalMicroseconds, Fire);
            }

            _callback();
        }
    }
}
