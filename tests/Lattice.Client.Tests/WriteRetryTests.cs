using System.Buffers.Binary;
using Lattice.Client.Gateways;
using Lattice.Client.Groups;
using Lattice.Grains;
using Lattice.Grains.Requests;

namespace Lattice.Client.Tests;

/// <summary>How the client brings writes to a group through gateways that fail.</summary>
public sealed class WriteRetryTests
{
    private static readonly byte[] Key = [1];

    [Fact]
    public async Task A_batch_without_an_answer_is_sent_again_unchanged_through_another_gateway()
    {
        var silent = new Gateway(1, _ => new TaskCompletionSource<ShardReply>().Task);
        var working = new Gateway(2, request => Task.FromResult(Done(request)));
        GroupWriter writer = Writer(Options(attempt: TimeSpan.FromMilliseconds(50)), silent, working);

        CommandResult result = await writer.WriteAsync(Put(), CancellationToken.None);

        Assert.Equal(CommandStatus.Done, result.Status);
        Assert.Equal(silent.Payloads.Single(), working.Payloads.Single());
        Assert.Equal(1, silent.Failures);
    }

    [Fact]
    public async Task Commands_that_arrive_while_calls_are_under_way_share_the_next_one()
    {
        var answers = new TaskCompletionSource();
        var gateway = new Gateway(1, async request =>
        {
            await answers.Task;
            return Done(request);
        });
        LatticeClientOptions options = Options();
        options.CallsPerGroup = 1;
        GroupWriter writer = Writer(options, gateway);

        Task<CommandResult>[] writes = [.. Enumerable.Range(0, 10).Select(_ => writer.WriteAsync(Put(), CancellationToken.None))];
        answers.SetResult();
        await Task.WhenAll(writes);

        Assert.Equal([1u, 9u], gateway.Payloads.Select(CountOf));
    }

    [Fact]
    public async Task The_lowest_sequence_moves_when_what_was_before_it_is_answered()
    {
        var gateway = new Gateway(1, request => Task.FromResult(Done(request)));
        GroupWriter writer = Writer(Options(), gateway);

        for (int i = 0; i < 3; i++)
        {
            await writer.WriteAsync(Put(), CancellationToken.None);
        }

        Assert.Equal([1ul, 2ul, 3ul], gateway.Payloads.Select(LowestOf));
    }

    [Fact]
    public async Task A_group_without_a_leader_is_reported_as_unavailable_at_the_deadline()
    {
        var gateway = new Gateway(1, _ => Task.FromResult(new ShardReply { Status = ShardStatus.Unavailable, Message = "no leader" }));
        GroupWriter writer = Writer(Options(request: TimeSpan.FromMilliseconds(100)), gateway);

        LatticeUnavailableException failure = await Assert.ThrowsAsync<LatticeUnavailableException>(() => writer.WriteAsync(Put(), CancellationToken.None));

        Assert.Contains("no leader", failure.Message, StringComparison.Ordinal);
        Assert.True(gateway.Payloads.Count > 1);
    }

    [Fact]
    public async Task A_write_whose_outcome_stays_unknown_ends_in_a_timeout()
    {
        var gateway = new Gateway(1, _ => Task.FromResult(new ShardReply { Status = ShardStatus.OutcomeUnknown, Message = "leader lost" }));
        GroupWriter writer = Writer(Options(request: TimeSpan.FromMilliseconds(100)), gateway);

        await Assert.ThrowsAsync<LatticeTimeoutException>(() => writer.WriteAsync(Put(), CancellationToken.None));
    }

    [Fact]
    public async Task A_full_disk_is_told_at_once()
    {
        var gateway = new Gateway(1, _ => Task.FromResult(new ShardReply { Status = ShardStatus.DiskFull, Message = "full" }));

        await Assert.ThrowsAsync<LatticeDiskFullException>(() => Writer(Options(), gateway).WriteAsync(Put(), CancellationToken.None));

        Assert.Single(gateway.Payloads);
    }

    private static Command Put() => new([], [Operation.Put(Key, Key)]);

    private static LatticeClientOptions Options(TimeSpan? attempt = null, TimeSpan? request = null)
    {
        var options = new LatticeClientOptions { AttemptTimeout = attempt ?? TimeSpan.FromSeconds(5), RequestTimeout = request ?? TimeSpan.FromSeconds(30) };
        options.Gateways.Add("test:1");
        return options;
    }

    private static GroupWriter Writer(LatticeClientOptions options, params Gateway[] gateways)
    {
        var router = new GroupRouter((_, not) => gateways.FirstOrDefault(g => g != not) ?? gateways[0], options);
        return new GroupWriter(1, router, options);
    }

    private static ulong LowestOf(byte[] payload) => BinaryPrimitives.ReadUInt64LittleEndian(payload.AsSpan(17));

    private static uint CountOf(byte[] payload) => BinaryPrimitives.ReadUInt32LittleEndian(payload.AsSpan(25));

    /// <summary>The answer "done" for every command of a batch, each with no record.</summary>
    private static ShardReply Done(ShardRequest request)
    {
        uint count = CountOf(request.Payload.ToArray());
        byte[] payload = new byte[5 + (count * 11)];
        payload[0] = 1;
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(1), count);
        for (int i = 0; i < count; i++)
        {
            payload[5 + (i * 11) + 9] = 1;
        }

        return new ShardReply { Status = ShardStatus.Ok, Payload = payload };
    }

    private sealed class Gateway(int node, Func<ShardRequest, Task<ShardReply>> answer) : IGateway
    {
        private readonly List<byte[]> payloads = [];

        public int Node => node;

        public bool IsConnected => true;

        public int Failures { get; private set; }

        public IReadOnlyList<byte[]> Payloads
        {
            get
            {
                lock (payloads)
                {
                    return [.. payloads];
                }
            }
        }

        public Task<ShardReply> WriteAsync(uint group, ShardRequest request)
        {
            lock (payloads)
            {
                payloads.Add(request.Payload.ToArray());
            }

            return answer(request);
        }

        public Task<ShardReply> QueryAsync(uint group, ShardRequest request) => answer(request);

        public Task<ClusterTopology> TopologyAsync() => throw new NotSupportedException("Writes do not ask.");

        public Task<ClusterStatus> StatusAsync(int timeoutMs) => throw new NotSupportedException("Writes do not ask.");

        public Task<bool> StopNodeAsync(int node) => throw new NotSupportedException("Writes do not ask.");

        public void Failed() => Failures++;

        public void Answered()
        {
            // Nothing is kept.
        }
    }
}
