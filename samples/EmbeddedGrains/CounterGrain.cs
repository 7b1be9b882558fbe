using System.Globalization;
using System.Text;
using Lattice.Grains;
using Lattice.Grains.Requests;

namespace EmbeddedGrains;

/// <summary>A counter whose value is a record of Lattice.</summary>
[Alias("sample.counter")]
public interface ICounterGrain : IGrainWithStringKey
{
    /// <summary>Adds to the counter.</summary>
    /// <returns>Its new value.</returns>
    [Alias("add")]
    Task<long> AddAsync(long amount);
}

/// <summary>
/// Reads and sets the record through the shard's grain, without a client. The new value is set only if the record is still as it was read,
/// so no addition is lost, even if the counter is active twice for a moment.
/// </summary>
internal sealed class CounterGrain(IGrainFactory grains) : Grain, ICounterGrain
{
    private static readonly TimeSpan FoundingPause = TimeSpan.FromMilliseconds(100);

    private IShardGrain? shard;

    public async Task<long> AddAsync(long amount)
    {
        byte[] key = Encoding.UTF8.GetBytes($"counter/{this.GetPrimaryKeyString()}");
        shard ??= await ShardOfAsync(key);
        while (true)
        {
            LatticeRecord? before = QueryBatch.DecodeGets(Payload(await shard.Query(new ShardRequest { Payload = QueryBatch.EncodeGets([key]) })))[0];
            long value = amount + (before is null ? 0 : long.Parse(before.Text, CultureInfo.InvariantCulture));
            Condition unchanged = before is null ? Condition.IsAbsent(key) : Condition.HasRevision(key, before.Revision);
            var command = new Command([unchanged], [Operation.Put(key, Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture)))]);
            CommandResult result = WriteBatch.DecodeResults(Payload(await shard.Write(new ShardRequest { Payload = WriteBatch.Encode([command]) })))[0];
            switch (result.Status)
            {
                case CommandStatus.Done:
                    return value;
                case CommandStatus.Refused:
                    throw new InvalidOperationException(result.Message);
            }
        }
    }

    /// <summary>The group that holds the key's slot.</summary>
    private async Task<IShardGrain> ShardOfAsync(byte[] key)
    {
        int slot = SlotHash.SlotOf(key);
        while (true)
        {
            ClusterTopology topology = await grains.GetGrain<INodeGrain>(0).Topology();
            if (topology.Slots.Count > 0)
            {
                return grains.GetGrain<IShardGrain>(topology.Slots.Where(run => run.First <= slot).MaxBy(run => run.First).Group);
            }

            // The cluster is being founded.
            await Task.Delay(FoundingPause);
        }
    }

    // A write without a session must not be made again when its outcome is unknown: the caller is told.
    private static ReadOnlyMemory<byte> Payload(ShardReply reply) =>
        reply.Status == ShardStatus.Ok ? reply.Payload : throw new InvalidOperationException($"{reply.Status}: {reply.Message}");
}
