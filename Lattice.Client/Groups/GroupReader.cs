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

    private sealed record Pending(ReadOnlyMemory<byte> Key, TaskCompletionSource<LatticeRecord?> Done);

    public GroupReader(uint group, ReadConsistency consistency, GroupRouter router, LatticeClientOptions options)
    {
        this.group = group;
        this.consistency = consistency;
        this.router = router;
        queue = new BatchQueue<Pending>(options, pending => pending.Key.Length, SendAsync);
    }

    public async Task<LatticeRecord?> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        var pending = new Pending(key, new TaskCompletionSource<LatticeRecord?>(TaskCreationOptions.RunContinuationsAsynchronously));
        await queue.AddAsync(pending, cancellation).ConfigureAwait(false);
        return await pending.Done.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    public async Task<ScanResult> ScanAsync(ScanPage page, CancellationToken cancellation) =>
        QueryBatch.DecodeScan(await router.CallAsync(group, QueryBatch.EncodeScan(page), consistency, cancellation).ConfigureAwait(false));

    private async Task SendAsync(List<Pending> batch)
    {
        try
        {
            byte[] payload = QueryBatch.EncodeGets([.. batch.Select(pending => pending.Key)]);
            LatticeRecord?[] records = QueryBatch.DecodeGets(await router.CallAsync(group, payload, consistency, CancellationToken.None).ConfigureAwait(false));
            for (int i = 0; i < batch.Count; i++)
            {
                batch[i].Done.TrySetResult(records[i]);
            }
        }
        catch (Exception e)
        {
            // Whatever it was belongs to the callers, who wait for it.
            foreach (Pending pending in batch)
            {
                pending.Done.TrySetException(e);
            }
        }
    }
}
