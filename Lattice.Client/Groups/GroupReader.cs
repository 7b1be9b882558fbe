using System.Diagnostics;
using Lattice.Grains;
using Lattice.Grains.Requests;

namespace Lattice.Client.Groups;

/// <summary>The reads of one group at one consistency: gets are batched, pages of scans go alone.</summary>
internal sealed class GroupReader
{
    private readonly uint group;
    private readonly ReadConsistency consistency;
    private readonly GroupRouter router;
    private readonly BatchQueue<Pending> queue;

    private readonly LatticeClientOptions options;

    private sealed class Pending(ReadOnlyMemory<byte> key, LatticeClientOptions options) : WaitingRequest<LatticeRecord?>(options)
    {
        public ReadOnlyMemory<byte> Key { get; } = key;
    }

    public GroupReader(uint group, ReadConsistency consistency, GroupRouter router, LatticeClientOptions options)
    {
        this.group = group;
        this.consistency = consistency;
        this.router = router;
        this.options = options;
        queue = new BatchQueue<Pending>(options, pending => pending.Key.Length, SendAsync);
    }

    public async Task<LatticeRecord?> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        EncodingLimits.Check(key);
        var pending = new Pending(key, options);
        await queue.AddAsync(pending, cancellation).ConfigureAwait(false);
        return await pending.WaitAsync(cancellation).ConfigureAwait(false);
    }

    public async Task<ScanResult> ScanAsync(ScanPage page, CancellationToken cancellation)
    {
        EncodingLimits.Check(page.From);
        EncodingLimits.Check(page.To);
        ReadOnlyMemory<byte> answer = await router.CallAsync(group, QueryBatch.EncodeScan(page), consistency, options.RequestTimeout, cancellation).ConfigureAwait(false);

        // Whoever scans goes on on another thread than the one that reads answers.
        await Task.Yield();
        return QueryBatch.DecodeScan(answer);
    }

    private async Task SendAsync(List<Pending> batch)
    {
        batch.RemoveAll(pending => pending.FailIfOverdue());
        if (batch.Count == 0)
        {
            return;
        }

        try
        {
            await CallAsync(batch).ConfigureAwait(false);
        }
        catch (QueryRefusedException) when (batch.Count > 1)
        {
            // Queries are refused as a batch, for one key that is too long or for values that are too much together: what each caller
            // asked for is then asked alone.
            foreach (Pending pending in batch)
            {
                await SendAsync([pending]).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            // Whatever it was belongs to the callers, who wait for it.
            foreach (Pending pending in batch)
            {
                pending.Fail(e);
            }
        }
    }

    private async Task CallAsync(List<Pending> batch)
    {
        using Activity? activity = ClientActivity.Call("lattice.read", group, batch.Select(pending => pending.Caller));
        byte[] payload = QueryBatch.EncodeGets([.. batch.Select(pending => pending.Key)]);
        LatticeRecord?[] records = QueryBatch.DecodeGets(await router.CallAsync(group, payload, consistency, batch.Max(pending => pending.Left), CancellationToken.None).ConfigureAwait(false));
        for (int i = 0; i < batch.Count; i++)
        {
            batch[i].Answer(records[i]);
        }
    }
}
