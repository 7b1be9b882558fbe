using Lattice.Core.State;
using Lattice.Simulation.Breaks;
using Lattice.Simulation.Clients;
using Lattice.Simulation.Cluster;
using Lattice.Simulation.Network;
using Lattice.Simulation.Runtime;
using Xunit;

namespace Lattice.Simulation.Tests;

/// <summary>Clusters some of whose disks are full: whoever has room leads, and who has none does not keep the others from writing.</summary>
public sealed class FullDiskTests
{
    private const long Patience = 20 * VirtualClock.Second;
    private const long Reserve = 8 << 20;
    private const uint Group = 1;

    private readonly VirtualClock _clock = new();
    private readonly Coverage _coverage = new();
    private readonly List<ReplyStatus> _answers = [];
    private SimulatedCluster _cluster = null!;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_leader_whose_disk_is_full_hands_over_to_a_replica_that_has_room_until_it_has_room_again(int seed)
    {
        Start(seed);
        int full = LeaderOf(Group);
        Fill(full);
        Assert.True(_clock.RunUntil(_clock.Now + Patience, () => IsLedBySomebodyElse(full)), "it goes on leading");
        AssertWritten();

        // It would be the best one to lead if it had room.
        for (long until = _clock.Now + Patience; _clock.Now < until; _clock.RunUntil(_clock.Now + (100 * VirtualClock.Millisecond)))
        {
            Assert.True(IsLedBySomebodyElse(full), "it leads again though its disk is full");
        }

        AssertWritten();
        Empty(full);
        Assert.True(_clock.RunUntil(_clock.Now + Patience, () => _cluster.LeaderOf(Group, out int leader) is not null && leader == full), "it does not get its group back");
        AssertWritten();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Writes_are_refused_while_all_disks_are_full_and_reads_go_on(int seed)
    {
        Start(seed);
        foreach (Machine machine in _cluster.Machines)
        {
            LeaveOnlyReserve(machine.Id);
        }

        Assert.True(_clock.RunUntil(_clock.Now + Patience, () => Write() is ReplyStatus.DiskFull), $"nobody is told: {string.Join(' ', _answers)}");
        _clock.RunUntil(_clock.Now + Patience);
        Assert.Equal(ReplyStatus.DiskFull, Write());
        Assert.Equal(ReplyStatus.Ok, Call(CallKind.LinearizableQuery, new QueryBatchBuilder().Get("key"u8).Build()));
        foreach (Machine machine in _cluster.Machines)
        {
            Empty(machine.Id);
        }

        AssertWritten();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_follower_that_cannot_make_a_snapshot_durable_waits_for_room_and_goes_on(int seed)
    {
        Machine behind = StartWithOneBehind(seed, flushRefusal: 1);
        _clock.RunUntil(_clock.Now + Patience);
        AssertLives(behind);
        Assert.Equal(0, _coverage["node: snapshots installed"]);
        AssertWritten();

        Empty(behind.Id);
        AssertCatchesUp(behind);
        Assert.True(_coverage["node: snapshots installed"] > 0);
        AssertWritten();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_follower_for_whose_snapshot_there_is_room_only_now_and_then_does_not_stop_and_catches_up(int seed)
    {
        Machine behind = StartWithOneBehind(seed, flushRefusal: 0.7);
        AssertCatchesUp(behind);
        AssertLives(behind);
        Empty(behind.Id);
        AssertWritten();
    }

    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(2, 1.0)]
    [InlineData(3, 1.0)]
    [InlineData(1, 0.7)]
    [InlineData(2, 0.7)]
    [InlineData(3, 0.7)]
    public void A_follower_that_is_killed_again_and_again_while_its_snapshot_waits_for_room_loses_nothing(int seed, double flushRefusal)
    {
        Machine behind = StartWithOneBehind(seed, flushRefusal);
        for (int i = 0; i < 10; i++)
        {
            _clock.RunUntil(_clock.Now + (Patience / 10));
            _cluster.ProcessDied(behind, "killed");
            Assert.True(_clock.RunUntil(_clock.Now + Patience, () => behind.Process is { Alive: true }), "it does not start");
        }

        Empty(behind.Id);
        AssertCatchesUp(behind);
        AssertLives(behind);
        AssertWritten();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Reads_go_on_with_a_follower_whose_snapshot_waits_for_room_when_the_other_one_is_lost(int seed)
    {
        Machine behind = StartWithOneBehind(seed, flushRefusal: 1);
        _clock.RunUntil(_clock.Now + Patience);
        int leader = LeaderOf(Group);
        Machine other = _cluster.Machines.Single(m => m.Id != leader && m != behind);
        other.KeptDown = true;
        _cluster.ProcessDied(other, "killed");
        _clock.RunUntil(_clock.Now + Patience);
        Assert.Equal(leader, LeaderOf(Group));
        Assert.Equal(ReplyStatus.Ok, Call(CallKind.LinearizableQuery, new QueryBatchBuilder().Get("key"u8).Build()));
        Empty(behind.Id);
        AssertWritten();
        AssertLives(behind);
    }

    /// <summary>A cluster with a follower whose disk has room for what it writes in memory only, and which the log of the others does not bring up to date any more.</summary>
    private Machine StartWithOneBehind(int seed, double flushRefusal)
    {
        Start(seed, p => p with { SnapshotInterval = 5, CheckpointInterval = 300 * VirtualClock.Millisecond, Log = p.Log with { SegmentBytes = 4096 } });
        int leader = LeaderOf(Group);
        Machine behind = _cluster.Machines.First(m => m.Id != leader);
        behind.KeptDown = true;
        _cluster.ProcessDied(behind, "killed");
        for (int i = 0; i < 100; i++)
        {
            AssertWritten();
        }

        _clock.RunUntil(_clock.Now + Patience);
        behind.Store.FlushRefusal = flushRefusal;
        behind.KeptDown = false;
        _cluster.Start(behind);
        return behind;
    }

    private void AssertCatchesUp(Machine behind) =>
        Assert.True(_clock.RunUntil(_clock.Now + Patience, () => behind.Process is { Alive: true } process && process.Core.Find(Group)!.Status.Applied == _cluster.LeaderOf(Group, out _)?.Applied), "it does not catch up");

    private void AssertLives(Machine machine) => Assert.Equal((0L, true), (_coverage["node: died of a full disk"], machine.Process is { Alive: true }));

    private void Start(int seed, Func<ClusterProfile, ClusterProfile>? change = null)
    {
        var random = new SeededRandom((ulong)seed);
        ClusterProfile profile = ClusterProfile.Draw(random.Fork(), 3) with { Shards = 2, ReserveBytes = Reserve, Network = LinkQuality.Good, ClockSkew = TimeSpan.Zero };
        _cluster = new SimulatedCluster(change?.Invoke(profile) ?? profile, DeliberateBreak.Create(null), _clock, random.Fork(), new Trace(_clock, sink: null), _coverage);
        _cluster.StartAll();
        Assert.True(_clock.RunUntil(Patience, () => _cluster.Groups.All(g => _cluster.LeaderOf(g, out _) is not null)));
        _clock.RunUntil(_clock.Now + Patience);
        AssertWritten();
    }

    private int LeaderOf(uint group)
    {
        Assert.NotNull(_cluster.LeaderOf(group, out int leader));
        return leader;
    }

    private bool IsLedBySomebodyElse(int node) => _cluster.Groups.All(g => _cluster.LeaderOf(g, out int leader) is not null && leader != node);

    private void Fill(int node) => (_cluster[node].Disk.Capacity, _cluster[node].Store.Full) = (_cluster[node].Disk.Used, true);

    private void LeaveOnlyReserve(int node) => _cluster[node].Disk.Capacity = _cluster[node].Disk.Used + Reserve - 1;

    private void Empty(int node) => (_cluster[node].Disk.Capacity, _cluster[node].Store.Full, _cluster[node].Store.FlushRefusal) = (long.MaxValue, false, 0);

    private void AssertWritten()
    {
        _answers.Clear();
        Assert.True(_clock.RunUntil(_clock.Now + Patience, () => Write() == ReplyStatus.Ok), string.Join(' ', _answers));
    }

    private ReplyStatus? Write() => Call(CallKind.Write, new WriteBatchBuilder().Command().Put("key"u8, "value"u8).Build());

    /// <summary>Asks whoever leads; null: nobody does, or nobody answers.</summary>
    private ReplyStatus? Call(CallKind kind, byte[] payload)
    {
        ReplyStatus? status = null;
        if (_cluster.LeaderOf(Group, out int leader) is not null)
        {
            _cluster.Call(leader, kind, Group, payload, reply => status = reply.Status);
        }

        _clock.RunUntil(_clock.Now + (500 * VirtualClock.Millisecond), () => status is not null);
        _answers.Add(status ?? ReplyStatus.Unavailable);
        return status;
    }
}
