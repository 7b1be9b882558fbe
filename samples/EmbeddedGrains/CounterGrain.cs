using System.Buffers.Binary;
using System.Text;
using Lattice.Grains;
using Lattice.Grains.Requests;

namespace EmbeddedGrains;

/// <summary>
/// Keeps its value in a record of Lattice. It calls the shard directly: the grain lives in a silo that is a node, so there is no client and no
/// connection in between.
/// </summary>
internal sealed class CounterGrain(IGrainFactory grains) : Grain, ICounterGrain
{
    // A session of its own makes a command that has to be repeated happen once.
    private readonly Guid session = Guid.NewGuid();
    private ulong sequence;
    private long value;
    private ulong revision;
    private IShardGrain shard = null!;

    private byte[] Key => Encoding.UTF8.GetBytes($"counter/{this.GetPrimaryKeyString()}");

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        shard = grains.GetGrain<IShardGrain>(await GroupAsync());
        ShardReply reply = await shard.Query(new ShardRequest { Payload = QueryBatch.EncodeGets([Key]) });
        Check(reply);
        if (QueryBatch.DecodeGets(reply.Payload)[0] is { } record)
        {
            value = BinaryPrimitives.ReadInt64LittleEndian(record.Value.Span);
            revision = record.Revision;
        }
    }

    public async Task<long> Increment()
    {
        byte[] next = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(next, value + 1);
        Condition unchanged = revision == 0 ? Condition.IsAbsent(Key) : Condition.HasRevision(Key, revision);
        byte[] batch = WriteBatch.Encode(session, ++sequence, [(sequence, new Command([unchanged], [Operation.Put(Key, next)]))]);
        ShardReply reply = await shard.Write(new ShardRequest { Payload = batch });
        Check(reply);
        CommandResult result = WriteBatch.DecodeResults(reply.Payload)[0];
        if (result.Status != CommandStatus.Done)
        {
            // Somebody else wrote the record: a second activation, perhaps. This one knows nothing any more.
            DeactivateOnIdle();
            throw new InvalidOperationException("The counter was changed by somebody else; try again.");
        }

        (value, revision) = (value + 1, result.Revision);
        return value;
    }

    private async Task<uint> GroupAsync()
    {
        ClusterTopology topology = await grains.GetGrain<INodeGrain>(0).Topology();
        int slot = SlotHash.SlotOf(Key);
        return topology.Slots.Last(run => run.First <= slot).Group;
    }

    private static void Check(ShardReply reply)
    {
        if (reply.Status != ShardStatus.Ok)
        {
            throw new InvalidOperationException(reply.Message);
        }
    }
}
