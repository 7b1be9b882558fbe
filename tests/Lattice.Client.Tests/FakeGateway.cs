using System.Buffers.Binary;
using System.Collections.Concurrent;
using Lattice.Client.Gateways;
using Lattice.Grains;

namespace Lattice.Client.Tests;

/// <summary>A gateway whose answers the test gives.</summary>
internal sealed class FakeGateway(int node, Func<uint, byte[], Task<ShardReply>> answer) : IGateway
{
    private const int LowestAt = 1 + 16;
    private const int CountAt = LowestAt + 8;
    private const int FirstCommandAt = CountAt + 4;

    public int Node => node;

    public bool IsConnected => true;

    /// <summary>Every payload that came, in order.</summary>
    public ConcurrentQueue<byte[]> Calls { get; } = new();

    public int Failures { get; private set; }

    /// <summary>Whether this client knows that the node stops.</summary>
    public bool IsStopping { get; private set; }

    public static ulong LowestOf(byte[] batch) => BinaryPrimitives.ReadUInt64LittleEndian(batch.AsSpan(LowestAt));

    public static int CountOf(byte[] batch) => BinaryPrimitives.ReadInt32LittleEndian(batch.AsSpan(CountAt));

    public static ulong FirstSequenceOf(byte[] batch) => BinaryPrimitives.ReadUInt64LittleEndian(batch.AsSpan(FirstCommandAt));

    /// <summary>All commands of a write batch done, with their sequences as revisions and nothing seen.</summary>
    public static ShardReply Done(byte[] batch)
    {
        int count = CountOf(batch);
        byte[] result = new byte[5 + (10 * count)];
        result[0] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(result.AsSpan(1), count);
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(result.AsSpan(5 + (10 * i) + 1), FirstSequenceOf(batch) + (ulong)i);
        }

        return new ShardReply { Status = ShardStatus.Ok, Payload = result };
    }

    public Task<ShardReply> WriteAsync(uint group, ShardRequest request) => CallAsync(group, request);

    public Task<ShardReply> QueryAsync(uint group, ShardRequest request) => CallAsync(group, request);

    public Task<ClusterTopology> TopologyAsync() => throw new NotSupportedException();

    public Task<ClusterStatus> StatusAsync(int timeoutMs) => throw new NotSupportedException();

    public Task<TraceStory> TraceAsync(int node, uint? group, int last, int timeoutMs) => throw new NotSupportedException();

    public Task<bool> StopNodeAsync(int node) => throw new NotSupportedException();

    public Task<DrillReply> DrillAsync(int node, string kind, uint group, string who) => throw new NotSupportedException();

    public Task<IncidentHistory> IncidentsAsync() => throw new NotSupportedException();

    public Task<VerifyProgress> VerifyAsync(int node, bool begin) => throw new NotSupportedException();

    public Task<T> AdminAsync<T>(Func<IAdminGrain, ValueTask<T>> ask) => throw new NotSupportedException();

    public Task<BackupTicket> BackupOpenAsync(int node, Guid id, string who) => throw new NotSupportedException();

    public Task<BackupPart> BackupReadAsync(int node, Guid id, long number) => throw new NotSupportedException();

    public Task BackupCloseAsync(int node, Guid id, bool isWhole) => throw new NotSupportedException();

    public void Failed() => Failures++;

    public void Stops() => IsStopping = true;

    public void Answered()
    {
        // Nothing depends on it here.
    }

    private Task<ShardReply> CallAsync(uint group, ShardRequest request)
    {
        byte[] payload = request.Payload.ToArray();
        Calls.Enqueue(payload);
        return answer(group, payload);
    }
}
