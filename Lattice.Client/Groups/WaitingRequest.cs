using System.Diagnostics;

namespace Lattice.Client.Groups;

/// <summary>A request whose caller waits for it, from its arrival no longer than <see cref="LatticeClientOptions.RequestTimeout"/>.</summary>
internal abstract class WaitingRequest<TResult>(LatticeClientOptions options)
{
    // The call that carries the request ends at the deadline with a better message than can be given here; it is let go first.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    private readonly long arrived = Environment.TickCount64;

    // Continuations run elsewhere: the loop that answers a batch must not run its callers' code.
    private readonly TaskCompletionSource<TResult> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Who asked, if traces are made.</summary>
    public ActivityContext Caller { get; } = ClientActivity.Caller;

    /// <summary>What is left of its time.</summary>
    public TimeSpan Left => options.RequestTimeout - TimeSpan.FromMilliseconds(Environment.TickCount64 - arrived);

    /// <summary>Waits for the answer.</summary>
    public async Task<TResult> WaitAsync(CancellationToken cancellation)
    {
        try
        {
            TimeSpan patience = Left + Grace;
            return await done.Task.WaitAsync(patience > Grace ? patience : Grace, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new LatticeTimeoutException($"The request was not answered within {options.RequestTimeout.TotalSeconds:0.#} s. A write may have been done, or may yet be.", e);
        }
    }

    public void Answer(TResult result) => done.TrySetResult(result);

    public void Fail(Exception reason) => done.TrySetException(reason);

    /// <summary>Fails the request if its time passed before it was sent.</summary>
    /// <returns>Whether it did.</returns>
    public bool FailIfOverdue()
    {
        if (Left > TimeSpan.Zero)
        {
            return false;
        }

        Fail(new LatticeUnavailableException($"The request waited {options.RequestTimeout.TotalSeconds:0.#} s behind others and was not sent: nothing was done. The cluster answers too slowly or not at all; 'lattice status' shows which nodes do."));
        return true;
    }
}
