using Lattice.Core.Consensus;
using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

public class SnapshotTests
{
    [Fact]
    public void A_state_that_was_streamed_is_the_same_state()
    {
        using StateFixture from = Filled();
        using var to = new StateFixture();
        Install(from.Machine, to.Machine);
        Assert.Equal(from.Rows(), to.Rows());
        Assert.Equal(from.Machine.Applied, to.Machine.Applied);
        Assert.Equal(from.Machine.Revision, to.Machine.Revision);
        Assert.Equal(from.Machine.ClockMs, to.Machine.ClockMs);
        Assert.Equal(from.Machine.Configuration.Voters, to.Machine.Configuration.Voters);
        Assert.Equal(from.Machine.NextExpiryMs, to.Machine.NextExpiryMs);
        Assert.Equal(from.Machine.SessionCount, to.Machine.SessionCount);
    }

    [Fact]
    public void A_stream_shows_the_state_as_it_was_opened_whatever_is_applied_meanwhile()
    {
        using StateFixture from = Filled();
        List<(string, string)> then = from.Rows();
        using GroupSnapshot snapshot = from.Machine.OpenSnapshot();
        from.Put("later", "1");
        from.Put("key-0", "changed");
        using var to = new StateFixture();
        Install(snapshot, to.Machine);
        Assert.Equal(then, to.Rows());
    }

    [Fact]
    public void An_installation_replaces_the_old_state_and_the_cache_does_not_remember_it()
    {
        using StateFixture from = Filled();
        using var to = new StateFixture();
        to.Put("old", "1");
        to.Put("key-0", "old value");
        Assert.Equal("old value", to.Value("key-0"));
        Install(from.Machine, to.Machine);
        Assert.Null(to.Value("old"));
        Assert.Equal("value 0", to.Value("key-0"));
        Assert.Equal(from.Rows(), to.Rows());
        to.Put("key-0", "new");
        to.Flush();
        to.Reopen();
        Assert.Equal("new", to.Value("key-0"));
        Assert.Null(to.Value("old"));
        Assert.Equal(1, Epochs(to));
    }

    [Fact]
    public void An_installation_that_is_given_up_leaves_the_old_state()
    {
        using StateFixture from = Filled();
        using var to = new StateFixture();
        to.Put("old", "1");
        using GroupSnapshot snapshot = from.Machine.OpenSnapshot();
        using (SnapshotInstaller installer = to.Machine.BeginInstall(snapshot.Metadata))
        {
            foreach (ReadOnlyMemory<byte> block in snapshot.Blocks().SkipLast(1))
            {
                installer.Add(block);
            }

            Assert.False(installer.IsComplete);
            Assert.Throws<InvalidOperationException>(installer.Complete);
            Assert.Equal("1", to.Value("old"));
        }

        Assert.Equal("1", to.Value("old"));
        Assert.Equal(1, Epochs(to));
        Install(from.Machine, to.Machine);
        Assert.Equal(from.Rows(), to.Rows());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_crash_during_an_installation_leaves_the_old_state_and_nothing_of_the_new(bool hadState)
    {
        using StateFixture from = Filled();
        using var to = new StateFixture();
        if (hadState)
        {
            to.Put("old", "1");
        }

        List<(string, string)> before = to.Rows();
        using GroupSnapshot snapshot = from.Machine.OpenSnapshot();
        SnapshotInstaller installer = to.Machine.BeginInstall(snapshot.Metadata);
        foreach (ReadOnlyMemory<byte> block in snapshot.Blocks())
        {
            installer.Add(block);
        }

        Assert.True(installer.IsComplete);
        to.Flush();
        to.Reopen();
        Assert.Equal(before, to.Rows());
        Assert.Equal(hadState ? 1 : 0, Epochs(to));
        Install(from.Machine, to.Machine);
        Assert.Equal(from.Rows(), to.Rows());
    }

    [Fact]
    public void What_a_full_volume_keeps_from_being_removed_goes_with_the_next_installation()
    {
        using StateFixture from = Filled();
        using var to = new StateFixture();
        to.Put("old", "1");
        using var engine = new FullEngine(to.Engine);
        var machine = new StateMachine(engine, to.Group, to.Limits, to.Cache);
        using GroupSnapshot snapshot = from.Machine.OpenSnapshot();
        using (SnapshotInstaller abandoned = machine.BeginInstall(snapshot.Metadata))
        {
            foreach (ReadOnlyMemory<byte> block in snapshot.Blocks())
            {
                abandoned.Add(block);
            }

            engine.IsFull = true;
        }

        Assert.Equal(2, Epochs(to));
        engine.IsFull = false;
        Install(snapshot, machine);
        Assert.Equal(1, Epochs(to));
        Assert.Equal(from.Machine.Digest, machine.Digest);
    }

    [Fact]
    public void Any_damaged_byte_is_noticed_and_nothing_of_the_snapshot_counts()
    {
        using StateFixture from = Filled(records: 40);
        using var to = new StateFixture();
        to.Put("old", "1");
        SnapshotMetadata metadata;
        List<byte[]> blocks;
        using (GroupSnapshot snapshot = from.Machine.OpenSnapshot())
        {
            metadata = snapshot.Metadata;
            blocks = [.. snapshot.Blocks().Select(b => b.ToArray())];
        }

        for (int b = 0; b < blocks.Count; b++)
        {
            for (int position = 0; position < blocks[b].Length; position += 7)
            {
                List<byte[]> damaged = [.. blocks];
                damaged[b] = [.. blocks[b]];
                damaged[b][position] ^= 0x10;
                Fails(damaged);
            }
        }

        Fails([blocks[0], blocks[^1]]);
        Fails([blocks[1], blocks[0], .. blocks[2..]]);
        Fails([blocks[0], blocks[1], blocks[1], .. blocks[2..]]);
        Fails([blocks[0], blocks[1][..^1]]);
        Fails([[]]);
        Assert.Equal("1", to.Value("old"));

        void Fails(List<byte[]> stream)
        {
            using SnapshotInstaller installer = to.Machine.BeginInstall(metadata);
            Assert.Throws<SnapshotCorruptException>(() => stream.ForEach(block => installer.Add(block)));
            Assert.False(installer.IsComplete);
            Assert.Throws<InvalidOperationException>(() => installer.Add(blocks[0]));
        }
    }

    [Fact]
    public void A_snapshot_of_another_group_or_position_than_announced_is_refused()
    {
        using StateFixture from = Filled();
        using var to = new StateFixture(group: 8);
        using GroupSnapshot snapshot = from.Machine.OpenSnapshot();
        using (SnapshotInstaller installer = to.Machine.BeginInstall(snapshot.Metadata))
        {
            Assert.Throws<SnapshotCorruptException>(() => installer.Add(snapshot.Blocks().First()));
        }

        using var same = new StateFixture();
        using SnapshotInstaller other = same.Machine.BeginInstall(snapshot.Metadata with { Position = new LogPosition(999, 1) });
        Assert.Throws<SnapshotCorruptException>(() => other.Add(snapshot.Blocks().First()));
    }

    [Fact]
    public void A_snapshot_behind_the_state_is_refused()
    {
        using StateFixture from = Filled();
        using GroupSnapshot snapshot = from.Machine.OpenSnapshot();
        from.Put("later", "1");
        Assert.Throws<InvalidOperationException>(() => from.Machine.BeginInstall(snapshot.Metadata));
    }

    [Fact]
    public void Rows_longer_than_a_block_run_on_and_blocks_stay_small()
    {
        using var from = new StateFixture();
        byte[] noise = new byte[1 << 20];
        new Random(1).NextBytes(noise);
        from.Write(new WriteBatchBuilder().Command().Put(B("a"), noise).Command().Put(B("b"), []).Command().Put(B("c"), noise).Command().Put(B("d"), B("small")));
        using var to = new StateFixture();
        using GroupSnapshot snapshot = from.Machine.OpenSnapshot();
        Assert.All(snapshot.Blocks(), block => Assert.InRange(block.Length, 1, SnapshotBlock.MaxSize));
        Install(snapshot, to.Machine);
        Assert.Equal(from.Rows(), to.Rows());
    }

    [Fact]
    public void Blocks_in_one_place_are_the_same_one_after_the_other()
    {
        using StateFixture from = Filled();
        using GroupSnapshot snapshot = from.Machine.OpenSnapshot();
        using GroupSnapshot again = from.Machine.OpenSnapshot();

        Assert.Equal(snapshot.Blocks().Select(block => block.ToArray()), again.Blocks(inOnePlace: true).Select(block => block.ToArray()));
    }

    [Fact]
    public void An_empty_state_can_be_streamed()
    {
        using var from = new StateFixture();
        from.Machine.Bootstrap(Members, new LogPosition(1, 1));
        using var to = new StateFixture();
        Install(from.Machine, to.Machine);
        Assert.Equal(from.Rows(), to.Rows());
        Assert.Equal([1, 2, 3], to.Machine.Configuration.Voters);
    }

    internal static Configuration Members { get; } = new() { ClusterId = 42, Voters = [1, 2, 3] };

    internal static StateFixture Filled(int records = 3000, uint group = 7)
    {
        var f = new StateFixture(group: group);
        f.Machine.Bootstrap(Members, new LogPosition(1, 1));
        var batch = new WriteBatchBuilder();
        for (int i = 0; i < records; i++)
        {
            batch.Command().Put(B($"key-{i}"), B($"value {i}"), i % 3 == 0 ? 100_000UL + (ulong)i : 0);
        }

        f.Write(batch);
        f.Write(new WriteBatchBuilder(11, 1).Command(1).Put(B("s"), B("1")).Command(2).Get(B("s")));
        f.Write(new WriteBatchBuilder(12, 1).Command(1).Put(B("s"), B("2")));
        f.Write(new WriteBatchBuilder(11, 2).Command(3).Put(B("s"), B("3")));
        f.Delete("key-1");
        return f;
    }

    internal static void Install(StateMachine from, StateMachine to)
    {
        using GroupSnapshot snapshot = from.OpenSnapshot();
        Install(snapshot, to);
    }

    private static void Install(GroupSnapshot snapshot, StateMachine to)
    {
        using SnapshotInstaller installer = to.BeginInstall(snapshot.Metadata);
        foreach (ReadOnlyMemory<byte> block in snapshot.Blocks())
        {
            installer.Add(block);
        }

        installer.Complete();
    }

    private static int Epochs(StateFixture f)
    {
        var epochs = new HashSet<uint>();
        using IStateCursor cursor = f.Engine.Cursor(StateKeys.EpochStart(f.Group, 1), StateKeys.EpochStart(f.Group + 1, 0));
        while (cursor.Next())
        {
            epochs.Add(StateKeys.EpochOf(cursor.Key));
        }

        return epochs.Count;
    }
}
