using System.Threading.Channels;

namespace Lattice.Client.Groups;

/// <summary>
/// Requests for one group that wait to be sent. While as many calls are under way as may be, what arrives waits, and the next call
/// takes as much of it as fits: batches form by themselves, and a lone request never waits.
/// </summary>
internal sealed class BatchQueue<TRequest>
{
    private readonly Channel<TRequest> waiting;
    private readonly LatticeClientOptions options;
    private readonly Func<TRequest, int> sizeOf;
    private readonly Func<List<TRequest>, Task> send;
    private readonly Lock taking = new();
    private int calls;

    /// <summary>A queue with nothing in it.</summary>
    /// <param name="options">Bounds.</param>
    /// <param name="sizeOf">Bytes of a request.</param>
    /// <param name="send">Sends a batch and answers its requests; must not fail.</param>
    public BatchQueue(LatticeClientOptions options, Func<TRequest, int> sizeOf, Func<List<TRequest>, Task> send)
    {
        this.options = options;
        this.sizeOf = sizeOf;
        this.send = send;
        waiting = Channel.CreateBounded<TRequest>(options.MaxWaitingRequests);
    }

    /// <summary>Adds a request; waits while the queue is full.</summary>
    /// <exception cref="LatticeOverloadedException">The queue had no room within the request timeout.</exception>
    public ValueTask AddAsync(TRequest request, CancellationToken cancellation)
    {
        if (!waiting.Writer.TryWrite(request))
        {
            return WaitForRoomAsync(request, cancellation);
        }

        StartCall();
        return ValueTask.CompletedTask;
    }

    private async ValueTask WaitForRoomAsync(TRequest request, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(options.RequestTimeout);
        try
        {
            await waiting.Writer.WriteAsync(request, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new LatticeOverloadedException($"{options.MaxWaitingRequests} requests for one group were waiting in this client for {options.RequestTimeout.TotalSeconds:0.#} s, and there was no room for another one. Nothing was done. Make fewer requests at a time, or see whether the cluster answers ('lattice status').");
        }

        StartCall();
    }

    private void StartCall()
    {
        if (TryBegin())
        {
            _ = RunAsync();
        }
    }

    private bool TryBegin()
    {
        if (Interlocked.Increment(ref calls) <= options.CallsPerGroup)
        {
            return true;
        }

        Interlocked.Decrement(ref calls);
        return false;
    }

    private async Task RunAsync()
    {
        do
        {
            while (Take() is { Count: > 0 } batch)
            {
                await send(batch).ConfigureAwait(false);
            }

            Interlocked.Decrement(ref calls);

            // What was added between the last look and the decrement found all calls busy; somebody has to take it.
        }
        while (waiting.Reader.TryPeek(out _) && TryBegin());
    }

    private List<TRequest> Take()
    {
        var batch = new List<TRequest>();
        int bytes = 0;

        // One at a time, so that what was looked at is what is taken.
        lock (taking)
        {
            while (batch.Count < options.MaxBatchRequests && waiting.Reader.TryPeek(out TRequest? next))
            {
                int size = sizeOf(next);
                if ((batch.Count > 0 && bytes + size > options.MaxBatchBytes) || !waiting.Reader.TryRead(out _))
                {
                    break;
                }

                batch.Add(next);
                bytes += size;
            }
        }

        return batch;
    }
}
