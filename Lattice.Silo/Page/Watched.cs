namespace Lattice.Silo.Page;

/// <summary>
/// Something that several viewers look at and that takes a while to find out: one look at a time serves all, and none is made while nobody asks. Who cannot
/// wait for it gets what was seen last.
/// </summary>
/// <param name="look">Finds it out; null: not known at present. What it throws is told to whoever waits.</param>
/// <param name="fresh">How long what was seen is good enough.</param>
/// <param name="time">Clock.</param>
internal sealed class Watched<T>(Func<Task<T?>> look, TimeSpan fresh, TimeProvider time)
    where T : class
{
    private readonly Lock gate = new();
    private Task<T?>? underWay;
    private T? last;
    private long seenAt;

    /// <summary>How it stands.</summary>
    /// <param name="patience">Longest wait for a look.</param>
    public async Task<T?> GetAsync(TimeSpan patience)
    {
        Task<T?> looking;
        lock (gate)
        {
            if (last is not null && time.GetElapsedTime(seenAt) < fresh)
            {
                return last;
            }

            looking = underWay ??= LookAsync();
        }

        if (await Task.WhenAny(looking, Task.Delay(patience, time)).ConfigureAwait(false) == looking)
        {
            return await looking.ConfigureAwait(false);
        }

        lock (gate)
        {
            return last;
        }
    }

    private async Task<T?> LookAsync()
    {
        // Not under the lock of whoever asked.
        await Task.Yield();
        T? seen = null;
        try
        {
            seen = await look().ConfigureAwait(false);
        }
        finally
        {
            lock (gate)
            {
                (last, seenAt, underWay) = (seen, time.GetTimestamp(), null);
            }
        }

        return seen;
    }
}
