using System.Diagnostics;
using Lattice.Grains.Requests;

namespace Lattice.Client.Groups;

/// <summary>
/// The writes to one group: batched, and numbered within a session, so that a batch that has to be sent again is done once. A
/// command keeps its number for life; what is below the lowest number still waited for may be forgotten by the group.
/// </summary>
internal sealed class GroupWriter
{
    private readonly Guid session = Guid.NewGuid();
    private readonly uint group;
    private readonly GroupRouter router;
    private readonly LatticeClientOptions options;
    private readonly BatchQueue<Pending> queue;
    private readonly Lock gate = new();
    private readonly SortedSet<ulong> underWay = [];
    private ulong lastSequence;

    private sealed class Pending(Command command, LatticeClientOptions options) : WaitingRequest<CommandResult>(options)
    {
        public Command Command { get; } = command;
    }

    public GroupWriter(uint group, GroupRouter router, LatticeClientOptions options)
    {
        this.group = group;
        this.router = router;
        this.options = options;
        queue = new BatchQueue<Pending>(options, pending => WriteBatch.SizeOf(pending.Command), SendAsync);
    }

    public async Task<CommandResult> WriteAsync(Command command, CancellationToken cancellation)
    {
        EncodingLimits.Check(command);
        var pending = new Pending(command, options);
        await queue.AddAsync(pending, cancellation).ConfigureAwait(false);
        return await pending.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private async Task SendAsync(List<Pending> batch)
    {
        batch.RemoveAll(pending => pending.FailIfOverdue());
        if (batch.Count == 0)
        {
            return;
        }

        ulong first;
        ulong lowest;
        lock (gate)
        {
            first = lastSequence + 1;
            lastSequence += (ulong)batch.Count;
            underWay.Add(first);
            lowest = underWay.Min;
        }

        using Activity? activity = ClientActivity.Call("lattice.write", group, batch.Select(pending => pending.Caller));
        try
        {
            byte[] payload = WriteBatch.Encode(session, lowest, [.. batch.Select((pending, i) => (first + (ulong)i, pending.Command))]);
            CommandResult[] results = WriteBatch.DecodeResults(await router.CallAsync(group, payload, null, batch.Max(pending => pending.Left), CancellationToken.None).ConfigureAwait(false));
            for (int i = 0; i < batch.Count; i++)
            {
                batch[i].Answer(results[i]);
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
        finally
        {
            lock (gate)
            {
                underWay.Remove(first);
            }
        }
    }
}
