using System.Diagnostics;

namespace Lattice.Core.Telemetry;

/// <summary>
/// When an entry took which step, as timestamps of the time provider; kept only for entries that carry a request which is traced. The activities are made
/// when the entry has been applied, so that the steps themselves are not slowed down by it.
/// </summary>
internal sealed class EntryTrace(TimeProvider time)
{
    /// <summary>When it was proposed.</summary>
    public long Proposed { get; } = time.GetTimestamp();

    /// <summary>When it was durable here; 0: not yet.</summary>
    public long Durable { get; set; }

    /// <summary>When a majority had it; 0: not yet.</summary>
    public long Committed { get; set; }

    /// <summary>Tells the steps of one request as activities within its caller's.</summary>
    /// <param name="caller">Who waits for it.</param>
    /// <param name="waitsSince">When it arrived at its group.</param>
    /// <param name="applying">When its application began and how far that came; it has just ended.</param>
    public void Tell(Activity caller, long waitsSince, ApplyTimes applying)
    {
        DateTimeOffset nowUtc = time.GetUtcNow();
        long now = time.GetTimestamp();
        Step("lattice.propose", waitsSince, Proposed);
        Step("lattice.append", Proposed, Durable);
        Step("lattice.replicate", Proposed, Committed);
        Step("lattice.commit", Committed, applying.Began);
        Step("lattice.verify", applying.VerifyBegan, applying.VerifyEnded);
        Step("lattice.apply", applying.Began, now);

        void Step(string name, long from, long to)
        {
            if (from == 0 || to == 0 || LatticeActivity.Source.StartActivity(name, ActivityKind.Internal, caller.Context, startTime: At(from)) is not { } step)
            {
                return;
            }

            step.SetEndTime(At(to).UtcDateTime);
            step.Dispose();
        }

        DateTimeOffset At(long timestamp) => nowUtc - time.GetElapsedTime(timestamp, now);
    }
}

/// <summary>When the latest application of entries took which step, as timestamps of the time provider; 0: it did not.</summary>
internal readonly record struct ApplyTimes(long Began, long VerifyBegan, long VerifyEnded);
