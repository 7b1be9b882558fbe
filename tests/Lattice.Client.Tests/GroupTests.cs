using System.Text;
using Lattice.Client.Gateways;
using Lattice.Client.Groups;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Grains;
using Lattice.Grains.Requests;
using Command = Lattice.Grains.Requests.Command;
using CommandResult = Lattice.Grains.Requests.CommandResult;
using CommandStatus = Lattice.Grains.Requests.CommandStatus;

namespace Lattice.Client.Tests;

/// <summary>Routing, batching, sessions and scans, against gateways that answer as each test wants.</summary>
public class GroupTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_batch_that_got_no_answer_is_sent_again_as_it_was_through_another_gateway()
    {
        var silent = new FakeGateway(1, (_, _) => new TaskCompletionSource<ShardReply>().Task);
        var working = new FakeGateway(2, (_, batch) => Task.FromResult(FakeGateway.Done(batch)));
        LatticeClientOptions options = Options(attemptMs: 50);
        var writer = new GroupWriter(3, new GroupRouter((_, not) => not == silent ? working : silent, options), options);
        CommandResult result = await writer.WriteAsync(Put("a"), default).WaitAsync(Patience);
        Assert.Equal(CommandStatus.Done, result.Status);
        Assert.Equal(Assert.Single(silent.Calls), Assert.Single(working.Calls));
        Assert.Equal(1, silent.Failures);
    }

    [Fact]
    public async Task The_node_that_leads_is_asked_next()
    {
        var preferred = new List<int>();
        var gateway = new FakeGateway(1, (_, batch) => Task.FromResult(new ShardReply { Status = ShardStatus.Ok, Payload = FakeGateway.Done(batch).Payload, Leader = 2 }));
        LatticeClientOptions options = Options();
        var writer = new GroupWriter(3, new GroupRouter((node, _) => { preferred.Add(node); return gateway; }, options), options);
        await writer.WriteAsync(Put("a"), default);
        await writer.WriteAsync(Put("b"), default);
        Assert.Equal([0, 2], preferred);
    }

    [Fact]
    public async Task A_node_that_stops_is_left_alone()
    {
        var stopping = new FakeGateway(1, (_, _) => Task.FromResult(new ShardReply { Status = ShardStatus.ShuttingDown }));
        var working = new FakeGateway(2, (_, batch) => Task.FromResult(FakeGateway.Done(batch)));
        LatticeClientOptions options = Options();
        var writer = new GroupWriter(3, new GroupRouter((_, _) => stopping.IsStopping ? working : stopping, options), options);
        await writer.WriteAsync(Put("a"), default).WaitAsync(Patience);
        Assert.Single(stopping.Calls);
        Assert.Equal(0, stopping.Failures);
    }

    [Fact]
    public async Task The_lowest_number_waited_for_moves_only_when_the_oldest_batch_is_answered()
    {
        var first = new TaskCompletionSource<ShardReply>();
        FakeGateway? gateway = null;
        gateway = new FakeGateway(1, (_, batch) => FakeGateway.FirstSequenceOf(batch) == 1 ? first.Task : Task.FromResult(FakeGateway.Done(batch)));
        GroupWriter writer = Writer(gateway, Options(attemptMs: 20_000));
        Task<CommandResult> oldest = writer.WriteAsync(Put("a"), default);
        await writer.WriteAsync(Put("b"), default).WaitAsync(Patience);
        first.SetResult(FakeGateway.Done(gateway.Calls.First()));
        await oldest.WaitAsync(Patience);

        // The caller may go on a moment before the number is struck off.
        await UntilAsync(async () =>
        {
            await writer.WriteAsync(Put("c"), default).WaitAsync(Patience);
            byte[] last = gateway.Calls.Last();
            return FakeGateway.LowestOf(last) == FakeGateway.FirstSequenceOf(last);
        });
        Assert.Equal([1UL, 1UL], gateway.Calls.Take(2).Select(FakeGateway.LowestOf));
    }

    [Fact]
    public async Task What_arrives_while_calls_are_under_way_forms_one_batch()
    {
        var hold = new TaskCompletionSource();
        var gateway = new FakeGateway(1, async (_, batch) =>
        {
            await hold.Task;
            return FakeGateway.Done(batch);
        });
        GroupWriter writer = Writer(gateway, Options(attemptMs: 20_000));
        Task<CommandResult>[] writes = [.. Enumerable.Range(0, 52).Select(i => writer.WriteAsync(Put($"k{i}"), default))];
        Assert.Equal(2, gateway.Calls.Count);
        hold.SetResult();
        CommandResult[] results = await Task.WhenAll(writes).WaitAsync(Patience);
        Assert.Equal([1, 1, 50], gateway.Calls.Select(FakeGateway.CountOf));
        Assert.Equal(Enumerable.Range(1, 52).Select(i => (ulong)i), results.Select(r => r.Revision));
    }

    [Fact]
    public async Task A_batch_is_bounded_in_requests_and_in_bytes()
    {
        var hold = new TaskCompletionSource();
        var gateway = new FakeGateway(1, async (_, batch) =>
        {
            await hold.Task;
            return FakeGateway.Done(batch);
        });
        LatticeClientOptions options = Options(attemptMs: 20_000);
        options.CallsPerGroup = 1;
        options.MaxBatchRequests = 10;
        options.MaxBatchBytes = 4 * WriteBatch.SizeOf(Put("k"));
        GroupWriter writer = Writer(gateway, options);
        Task<CommandResult>[] writes = [.. Enumerable.Range(0, 9).Select(_ => writer.WriteAsync(Put("k"), default))];
        hold.SetResult();
        await Task.WhenAll(writes).WaitAsync(Patience);
        Assert.Equal([1, 4, 4], gateway.Calls.Select(FakeGateway.CountOf));
    }

    [Fact]
    public async Task A_full_queue_lets_further_requests_wait_and_then_refuses_them()
    {
        LatticeClientOptions options = Options(requestMs: 100);
        options.CallsPerGroup = 1;
        options.MaxWaitingRequests = 2;
        var hold = new TaskCompletionSource();
        var queue = new BatchQueue<int>(options, _ => 1, _ => hold.Task);
        await queue.AddAsync(1, default);
        await queue.AddAsync(2, default);
        await queue.AddAsync(3, default);
        await Assert.ThrowsAsync<LatticeOverloadedException>(async () => await queue.AddAsync(4, default));
        using var cancelled = new CancellationTokenSource();
        ValueTask waits = queue.AddAsync(5, cancelled.Token);
        Assert.False(waits.IsCompleted);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waits);
        hold.SetResult();
    }

    [Fact]
    public async Task A_write_that_nobody_answers_times_out_and_may_have_been_done()
    {
        var silent = new FakeGateway(1, (_, _) => new TaskCompletionSource<ShardReply>().Task);
        await Assert.ThrowsAsync<LatticeTimeoutException>(() => Writer(silent, Options(requestMs: 200, attemptMs: 50)).WriteAsync(Put("a"), default)).WaitAsync(Patience);
    }

    [Fact]
    public async Task A_group_without_a_leader_is_unavailable_at_the_deadline()
    {
        var gateway = new FakeGateway(1, (_, _) => Task.FromResult(new ShardReply { Status = ShardStatus.Unavailable, Message = "No leader." }));
        LatticeUnavailableException e = await Assert.ThrowsAsync<LatticeUnavailableException>(() => Writer(gateway, Options(requestMs: 200)).WriteAsync(Put("a"), default)).WaitAsync(Patience);
        Assert.Contains("No leader.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_any_gateway_the_cluster_is_unavailable()
    {
        LatticeClientOptions options = Options(requestMs: 200);
        var writer = new GroupWriter(3, new GroupRouter((_, _) => null, options), options);
        await Assert.ThrowsAsync<LatticeUnavailableException>(() => writer.WriteAsync(Put("a"), default)).WaitAsync(Patience);
    }

    [Theory]
    [InlineData(ShardStatus.Unavailable)]
    [InlineData(ShardStatus.Overloaded)]
    [InlineData(ShardStatus.DiskFull)]
    public async Task A_write_one_attempt_of_which_may_have_been_done_is_never_said_not_to_be(ShardStatus later)
    {
        int calls = 0;
        var gateway = new FakeGateway(1, (_, _) => Task.FromResult(new ShardReply { Status = calls++ == 0 ? ShardStatus.OutcomeUnknown : later }));
        await Assert.ThrowsAsync<LatticeTimeoutException>(() => Writer(gateway, Options(requestMs: 200)).WriteAsync(Put("a"), default)).WaitAsync(Patience);
    }

    [Fact]
    public async Task A_request_that_waits_behind_others_hears_at_its_own_deadline_and_is_not_sent_after_it()
    {
        var gateway = new FakeGateway(1, (_, _) => Task.FromResult(new ShardReply { Status = ShardStatus.Unavailable }));
        LatticeClientOptions options = Options(requestMs: 300);
        options.CallsPerGroup = 1;
        options.MaxBatchRequests = 1;
        GroupWriter writer = Writer(gateway, options);
        Task[] writes = [.. Enumerable.Range(0, 100).Select(_ => Assert.ThrowsAnyAsync<LatticeException>(() => writer.WriteAsync(Put("a"), default)))];

        // One deadline after the other would be thirty seconds.
        await Task.WhenAll(writes).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.InRange(gateway.Calls.Select(FakeGateway.FirstSequenceOf).Distinct().Count(), 1, 10);
    }

    [Fact]
    public async Task A_malformed_request_is_refused()
    {
        var gateway = new FakeGateway(1, (_, _) => Task.FromResult(new ShardReply { Status = ShardStatus.Malformed, Message = "Not a batch." }));
        LatticeRequestException e = await Assert.ThrowsAsync<LatticeRequestException>(() => Writer(gateway, Options()).WriteAsync(Put("a"), default)).WaitAsync(Patience);
        Assert.Equal(RefusalReason.Malformed, e.Reason);
        Assert.Single(gateway.Calls);
    }

    [Fact]
    public async Task What_cannot_be_encoded_is_refused_before_it_can_spoil_a_batch()
    {
        var gateway = new FakeGateway(1, (_, batch) => Task.FromResult(FakeGateway.Done(batch)));
        GroupWriter writer = Writer(gateway, Options());
        byte[] key = new byte[70_000];
        LatticeRequestException tooLong = await Assert.ThrowsAsync<LatticeRequestException>(() => writer.WriteAsync(new Command([], [Operation.Delete(key)]), default));
        Assert.Equal(RefusalReason.KeyTooLarge, tooLong.Reason);
        LatticeRequestException tooMuch = await Assert.ThrowsAsync<LatticeRequestException>(() => writer.WriteAsync(new Command([], [.. Enumerable.Repeat(Operation.Get(B("a")), 256)]), default));
        Assert.Equal(RefusalReason.TransactionTooLarge, tooMuch.Reason);
        Assert.Empty(gateway.Calls);
    }

    [Fact]
    public async Task A_get_that_is_refused_does_not_take_others_of_its_batch_with_it()
    {
        using var groups = new ServerGroups(1);
        groups.Put(0, "here", "yes");
        var hold = new TaskCompletionSource();
        LatticeClientOptions options = Options(attemptMs: 20_000);
        options.CallsPerGroup = 1;
        var gateway = new FakeGateway(1, async (group, query) =>
        {
            await hold.Task;
            return groups.Answer(group, query);
        });
        GroupReader reader = Reader(0, gateway, options);
        Task<LatticeRecord?> first = reader.GetAsync(B("here"), default);
        Task<LatticeRecord?> refused = reader.GetAsync(new byte[5000], default);
        Task<LatticeRecord?> good = reader.GetAsync(B("here"), default);
        hold.SetResult();
        Assert.Equal("yes", (await first.WaitAsync(Patience))?.Text);
        Assert.Equal("yes", (await good.WaitAsync(Patience))?.Text);
        Assert.Equal(RefusalReason.KeyTooLarge, (await Assert.ThrowsAsync<QueryRefusedException>(() => refused.WaitAsync(Patience))).Reason);
    }

    [Fact]
    public async Task A_scan_over_several_groups_and_pages_gives_every_record_once_in_the_order_of_keys()
    {
        const int Groups = 3;
        using var groups = new ServerGroups(Groups);
        string[] keys = [.. Enumerable.Range(0, 60).Select(i => $"key-{i:00}")];
        for (int i = 0; i < keys.Length; i++)
        {
            // Uneven: one group has most, another nothing at all.
            groups.Put(i % 5 == 0 ? 0u : 1u, keys[i], $"v{i}");
        }

        var gateway = new FakeGateway(1, (group, query) => Task.FromResult(groups.Answer(group, query)));
        GroupReader[] readers = [.. Enumerable.Range(0, Groups).Select(g => Reader((uint)g, gateway, Options()))];
        Assert.Equal(keys, await ScanAsync(new MergedScan(readers, default, default, keysOnly: false)));
        Assert.True(gateway.Calls.Count > 2 * Groups, "Pages are small here, so there have to be many.");
        Assert.Equal(keys[10..20], await ScanAsync(new MergedScan(readers, B("key-10"), B("key-20"), keysOnly: true)));
    }

    private static async Task<List<string>> ScanAsync(MergedScan scan)
    {
        var keys = new List<string>();
        while (await scan.NextAsync(default) is { } record)
        {
            keys.Add(Encoding.UTF8.GetString(record.Key.Span));
        }

        return keys;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    private static byte[] B(string text) => Encoding.UTF8.GetBytes(text);

    private static Command Put(string key) => new([], [Operation.Put(B(key), B("value"))]);

    private static LatticeClientOptions Options(int requestMs = 20_000, int attemptMs = 5000) =>
        new() { RequestTimeout = TimeSpan.FromMilliseconds(requestMs), AttemptTimeout = TimeSpan.FromMilliseconds(attemptMs) };

    private static GroupWriter Writer(FakeGateway gateway, LatticeClientOptions options) => new(3, new GroupRouter((_, _) => gateway, options), options);

    private static GroupReader Reader(uint group, FakeGateway gateway, LatticeClientOptions options) =>
        new(group, ReadConsistency.Linearizable, new GroupRouter((_, _) => (IGateway)gateway, options), options);

    /// <summary>Groups of real state machines with small pages, on one RocksDB.</summary>
    private sealed class ServerGroups : IDisposable
    {
        private readonly string folder = Directory.CreateTempSubdirectory("lattice-client-").FullName;
        private readonly RocksDbEngine engine;
        private readonly StateMachine[] machines;

        public ServerGroups(int count)
        {
            engine = RocksDbEngine.Open(folder, new RocksDbOptions());
            machines = [.. Enumerable.Range(0, count).Select(g => new StateMachine(engine, (uint)g, new StateLimits { MaxScanRecords = 7 }, new RecordCache(10)))];
        }

        public void Put(uint group, string key, string value)
        {
            StateMachine machine = machines[group];
            byte[] batch = WriteBatch.Encode([new Command([], [Operation.Put(B(key), B(value))])]);
            machine.Apply([new Entry(machine.Applied.Index + 1, 1, EntryKind.Command, EntryPayload.Encode(1, [batch]))]);
        }

        public ShardReply Answer(uint group, byte[] query)
        {
            lock (engine)
            {
                return new ShardReply { Status = ShardStatus.Ok, Payload = machines[group].Query(query) };
            }
        }

        public void Dispose()
        {
            engine.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }
}
