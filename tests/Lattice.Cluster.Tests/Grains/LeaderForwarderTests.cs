using System.Text;
using Lattice.Cluster.Tests.Harness;
using Lattice.Core.State;
using Lattice.Grains;

namespace Lattice.Cluster.Tests.Grains;

/// <summary>How writes find the leader of their group, and what their callers are told when it is lost.</summary>
public sealed class LeaderForwarderTests
{
    private const uint Group = 3;
    private const int Self = 1;

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(150);
    private static readonly byte[] Plain = Batch(client: 0, sequence: 0);
    private static readonly byte[] Repeatable = Batch(client: 7, sequence: 1);

    private readonly ScriptedShards shards = new();

    [Fact]
    public async Task The_local_replica_does_the_write_when_it_leads()
    {
        shards.SetLeader(Self);
        shards.OnLocal = () => Task.FromResult(Ok("local"));

        Assert.Equal("local", Text(await WriteAsync(Plain, Long)));
        Assert.Empty(shards.Forwarded);
    }

    [Fact]
    public async Task Another_node_does_it_when_that_leads()
    {
        shards.SetLeader(2);
        shards.OnForward = _ => Task.FromResult(Ok("remote"));

        Assert.Equal("remote", Text(await WriteAsync(Plain, Long)));
        Assert.Equal([2], shards.Forwarded);
    }

    [Fact]
    public async Task A_write_waits_for_a_leader()
    {
        Task<ShardReply> write = WriteAsync(Plain, Long);
        shards.OnForward = _ => Task.FromResult(Ok("found"));
        Assert.False(write.IsCompleted);

        shards.SetLeader(2);

        Assert.Equal("found", Text(await write));
    }

    [Fact]
    public async Task Without_a_leader_until_its_deadline_it_was_not_done()
    {
        Assert.Equal(ShardStatus.Unavailable, (await WriteAsync(Repeatable, Short)).Status);
    }

    [Fact]
    public async Task A_node_that_says_it_does_not_lead_is_asked_again_until_it_does()
    {
        int asked = 0;
        shards.SetLeader(2);
        shards.OnForward = _ => Task.FromResult(++asked < 3 ? Status(ShardStatus.Unavailable) : Ok("at last"));

        Assert.Equal("at last", Text(await WriteAsync(Plain, Long)));
    }

    [Fact]
    public async Task A_call_to_a_lost_leader_is_sent_anew_to_the_next_one_at_once()
    {
        shards.SetLeader(2);
        shards.OnForward = to => to == 2 ? Unanswered() : Task.FromResult(Ok("next"));
        Task<ShardReply> write = WriteAsync(Repeatable, Long);
        await Eventually.Holds(() => shards.Forwarded.Count == 1, Long, "the write is under way");

        shards.SetLeader(0);
        shards.SetLeader(3);

        Assert.Equal("next", Text(await write.WaitAsync(TimeSpan.FromSeconds(2))));
        Assert.Equal([2, 3], shards.Forwarded);
    }

    [Fact]
    public async Task A_write_without_a_session_is_not_sent_twice()
    {
        shards.SetLeader(2);
        shards.OnForward = _ => Unanswered();
        Task<ShardReply> write = WriteAsync(Plain, Long);
        await Eventually.Holds(() => shards.Forwarded.Count == 1, Long, "the write is under way");

        shards.SetLeader(3);

        Assert.Equal(ShardStatus.OutcomeUnknown, (await write).Status);
        Assert.Equal([2], shards.Forwarded);
    }

    [Fact]
    public async Task A_command_of_a_session_that_is_not_remembered_is_not_sent_twice()
    {
        shards.SetLeader(2);
        shards.OnForward = _ => Task.FromResult(Status(ShardStatus.OutcomeUnknown));

        Assert.Equal(ShardStatus.OutcomeUnknown, (await WriteAsync(Batch(client: 7, sequence: 0), Long)).Status);
        Assert.Equal([2], shards.Forwarded);
    }

    [Theory]
    [InlineData(ShardStatus.Unavailable)]
    [InlineData(ShardStatus.Overloaded)]
    [InlineData(ShardStatus.DiskFull)]
    [InlineData(ShardStatus.NoSuchGroup)]
    public async Task What_may_have_been_done_is_never_called_undone_by_a_later_attempt(ShardStatus later)
    {
        int asked = 0;
        shards.SetLeader(2);
        shards.OnForward = _ => Task.FromResult(Status(++asked == 1 ? ShardStatus.OutcomeUnknown : later));

        Assert.Equal(ShardStatus.OutcomeUnknown, (await WriteAsync(Repeatable, Short)).Status);
    }

    [Fact]
    public async Task A_call_that_Orleans_fails_may_have_been_done()
    {
        shards.SetLeader(2);
        shards.OnForward = _ => Task.FromException<ShardReply>(new TimeoutException("No answer."));

        Assert.Equal(ShardStatus.OutcomeUnknown, (await WriteAsync(Plain, Long)).Status);
    }

    [Fact]
    public async Task A_leader_that_answers_nothing_is_waited_for_until_the_deadline()
    {
        shards.SetLeader(2);
        shards.OnForward = _ => Unanswered();

        Assert.Equal(ShardStatus.OutcomeUnknown, (await WriteAsync(Plain, Short)).Status);
    }

    [Fact]
    public async Task A_disk_that_hangs_does_not_keep_the_caller_beyond_its_deadline()
    {
        shards.SetLeader(Self);
        shards.OnLocal = Unanswered;

        Assert.Equal(ShardStatus.OutcomeUnknown, (await WriteAsync(Plain, Short)).Status);
    }

    [Fact]
    public async Task A_leader_that_cannot_be_reached_was_not_asked()
    {
        shards.SetLeader(2);
        shards.Reachable = false;

        Assert.Equal(ShardStatus.Unavailable, (await WriteAsync(Plain, Short)).Status);
    }

    [Fact]
    public async Task A_node_that_stops_while_it_leads_sends_callers_to_another_gateway()
    {
        shards.SetLeader(Self);
        shards.OnLocal = () => Task.FromResult(Status(ShardStatus.ShuttingDown));

        Assert.Equal(ShardStatus.ShuttingDown, (await WriteAsync(Plain, Long)).Status);
    }

    [Fact]
    public async Task A_leader_that_stops_is_followed_by_the_next_one()
    {
        shards.SetLeader(2);
        shards.OnForward = to =>
        {
            if (to == 2)
            {
                shards.SetLeader(3);
                return Task.FromResult(Status(ShardStatus.ShuttingDown));
            }

            return Task.FromResult(Ok("next"));
        };

        Assert.Equal("next", Text(await WriteAsync(Plain, Long)));
    }

    [Fact]
    public async Task Waiting_writes_are_bounded()
    {
        LeaderForwarder forwarder = Forwarder();
        var waiting = new List<Task<ShardReply>>();
        Task<ShardReply> refused;
        do
        {
            refused = forwarder.WriteAsync(Group, Plain, Long);
            waiting.Add(refused);
        }
        while (!refused.IsCompleted && waiting.Count <= 1_000_000);

        Assert.Equal(ShardStatus.Overloaded, (await refused).Status);
        shards.OnLocal = () => Task.FromResult(Ok("room again"));
        shards.SetLeader(Self);
        Assert.All((await Task.WhenAll(waiting.SkipLast(1))).Take(10), reply => Assert.Equal(ShardStatus.Ok, reply.Status));
        Assert.Equal(ShardStatus.Ok, (await forwarder.WriteAsync(Group, Plain, Long)).Status);
    }

    private static byte[] Batch(ulong client, ulong sequence) =>
        new WriteBatchBuilder(client, lowest: 1).Command(sequence).Put("key"u8, "value"u8).Build();

    private static Task<ShardReply> Unanswered() => new TaskCompletionSource<ShardReply>().Task;

    private static ShardReply Ok(string text) => new() { Status = ShardStatus.Ok, Payload = Encoding.UTF8.GetBytes(text) };

    private static ShardReply Status(ShardStatus status) => new() { Status = status };

    private static string Text(ShardReply reply)
    {
        Assert.Equal(ShardStatus.Ok, reply.Status);
        return Encoding.UTF8.GetString(reply.Payload.Span);
    }

    private LeaderForwarder Forwarder() => new(Self, shards, shards.Forward, TimeProvider.System);

    private Task<ShardReply> WriteAsync(byte[] batch, TimeSpan timeout) => Forwarder().WriteAsync(Group, batch, timeout);

    /// <summary>A node whose leaders and answers the test decides.</summary>
    private sealed class ScriptedShards : ILocalShards
    {
        private readonly Lock gate = new();
        private readonly List<int> forwarded = [];
        private TaskCompletionSource change = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int leader;

        public Func<Task<ShardReply>> OnLocal { get; set; } = Unanswered;

        public Func<int, Task<ShardReply>> OnForward { get; set; } = _ => Unanswered();

        public bool Reachable { get; set; } = true;

        public List<int> Forwarded
        {
            get
            {
                lock (gate)
                {
                    return [.. forwarded];
                }
            }
        }

        public void SetLeader(int node)
        {
            lock (gate)
            {
                leader = node;
                change.SetResult();
                change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public int LeaderOf(uint group)
        {
            lock (gate)
            {
                return leader;
            }
        }

        public Task LeaderChange(uint group, int known)
        {
            lock (gate)
            {
                return leader == known ? change.Task : Task.CompletedTask;
            }
        }

        public Task<ShardReply> WriteAsync(uint group, ReadOnlyMemory<byte> batch) => OnLocal();

        public ValueTask<ShardReply>? Forward(int to, uint group, ReadOnlyMemory<byte> batch)
        {
            if (!Reachable)
            {
                return null;
            }

            lock (gate)
            {
                forwarded.Add(to);
            }

            return new ValueTask<ShardReply>(OnForward(to));
        }
    }
}
