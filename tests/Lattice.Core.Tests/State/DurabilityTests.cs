using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

public class DurabilityTests
{
    [Fact]
    public void After_a_crash_the_state_is_what_its_applied_index_says()
    {
        using var folder = new TemporaryFolder();
        var small = new RocksDbOptions { MemtableBytes = 64 << 10 };
        byte[] value = new byte[300];
        int reached = 0;
        for (int crash = 0; crash < 6; crash++)
        {
            using var engine = RocksDbEngine.Open(folder.Path, small);
            var machine = new StateMachine(engine, 1, new StateLimits(), new RecordCache(10));
            Assert.InRange(machine.Applied.Index, (ulong)reached, (ulong)(crash * 500));
            Check(engine, machine);
            for (ulong i = machine.Applied.Index + 1; i <= (ulong)((crash + 1) * 500); i++)
            {
                // Every entry writes its index to three records and one of them under a name of its own, and expires or deletes others.
                byte[] batch = new WriteBatchBuilder(i % 3, i)
                    .Command(i).Put(B("{t}a"), BitConverter.GetBytes(i)).Put(B("{t}b"), BitConverter.GetBytes(i)).Put(B($"{{t}}{i:D6}"), value, i % 2 == 0 ? 1000UL : 0)
                    .Command().Delete(B($"{{t}}{i / 2:D6}")).Build();
                machine.Apply([new Entry(i, 1, EntryKind.Command, EntryPayload.Encode(i * 10, [batch]))]);
                if (i == 700)
                {
                    engine.Flush();
                    reached = 700;
                }
            }
        }

        static void Check(RocksDbEngine engine, StateMachine machine)
        {
            ulong index = machine.Applied.Index;
            if (index == 0)
            {
                return;
            }

            Assert.Equal(BitConverter.GetBytes(index), machine.Get("{t}a"));
            Assert.Equal(BitConverter.GetBytes(index), machine.Get("{t}b"));
            Assert.True(machine.Get($"{{t}}{index:D6}") is not null);
            Assert.Equal(index * 10, machine.ClockMs);

            // The same entries on an engine that never crashed give the same rows.
            using var f = new StateFixture(group: 1);
            byte[] value = new byte[300];
            for (ulong i = 1; i <= index; i++)
            {
                byte[] batch = new WriteBatchBuilder(i % 3, i)
                    .Command(i).Put(B("{t}a"), BitConverter.GetBytes(i)).Put(B("{t}b"), BitConverter.GetBytes(i)).Put(B($"{{t}}{i:D6}"), value, i % 2 == 0 ? 1000UL : 0)
                    .Command().Delete(B($"{{t}}{i / 2:D6}")).Build();
                f.Machine.Apply([new Entry(i, 1, EntryKind.Command, EntryPayload.Encode(i * 10, [batch]))]);
            }

            Assert.Equal(f.Rows(), Rows(engine, machine));
        }
    }

    [Fact]
    public void What_was_flushed_survives_and_the_rest_is_lost_without_a_trace()
    {
        using var f = new StateFixture();
        f.Put("a", "1");
        f.Flush();
        f.Put("a", "2");
        f.Put("b", "2");
        f.Reopen();
        Assert.Equal(1UL, f.Machine.Applied.Index);
        Assert.Equal("1", f.Value("a"));
        Assert.Null(f.Value("b"));
    }

    [Fact]
    public void A_first_state_is_given_once()
    {
        using var f = new StateFixture();
        f.Machine.Bootstrap(SnapshotTests.Members, new LogPosition(1, 1));
        Assert.Equal(new LogPosition(1, 1), f.Machine.Applied);
        Assert.Throws<InvalidOperationException>(() => f.Machine.Bootstrap(SnapshotTests.Members, new LogPosition(1, 1)));
        f.Flush();
        f.Reopen();
        Assert.Equal([1, 2, 3], f.Machine.Configuration.Voters);
        Assert.Throws<InvalidOperationException>(() => f.Machine.Bootstrap(SnapshotTests.Members, new LogPosition(1, 1)));
        f.Put("a", "1");
        Assert.Equal(2UL, f.Machine.Applied.Index);
    }

    [Fact]
    public void Configurations_take_effect_with_their_entry_and_survive()
    {
        using var f = new StateFixture();
        var asked = new List<ulong>();
        Configuration next = SnapshotTests.Members with { Voters = [1, 2] };
        f.Machine.Apply(
            [new Entry(1, 1, EntryKind.Noop, default), new Entry(2, 1, EntryKind.Configuration, ConfigurationCodec.Encode(SnapshotTests.Members))],
            entry =>
            {
                asked.Add(entry.Index);
                return next;
            });
        Assert.Equal([2UL], asked);
        Assert.Equal([1, 2], f.Machine.Configuration.Voters);
        f.Machine.Apply([new Entry(3, 1, EntryKind.Configuration, ConfigurationCodec.Encode(SnapshotTests.Members))]);
        f.Flush();
        f.Reopen();
        Assert.Equal([1, 2, 3], f.Machine.Configuration.Voters);
        Assert.Equal(new LogPosition(3, 1), f.Machine.Applied);
    }

    [Fact]
    public void When_the_disk_is_full_nothing_is_seen_and_the_same_entries_can_be_applied_again()
    {
        using var f = new StateFixture();
        using var engine = new FullEngine(f.Engine);
        var machine = new StateMachine(engine, 3, f.Limits, f.Cache);
        Entry first = f.EntryAt(1, new WriteBatchBuilder(9, 1).Command(1).Put(B("a"), B("1")).Build());
        machine.Apply([first]);
        engine.IsFull = true;
        Entry second = f.EntryAt(2, new WriteBatchBuilder(9, 2).Command(2).IfValue(B("a"), B("1")).Put(B("a"), B("2")).Build());
        Assert.Throws<DiskFullException>(() => machine.Apply([second]));
        Assert.Throws<DiskFullException>(() => machine.Apply([second]));
        Assert.Equal("1", S(machine.Get("a")));
        Assert.Equal(1UL, machine.Applied.Index);
        engine.IsFull = false;
        CommandResult result = WriteResult.Decode(machine.Apply([second])[0].BatchResults[0])[0];
        Assert.Equal(CommandStatus.Done, result.Status);
        Assert.Equal("2", S(machine.Get("a")));
        Assert.Equal(2UL, machine.Revision);
    }

    [Fact]
    public void A_second_process_on_the_same_directory_is_told_so()
    {
        using var folder = new TemporaryFolder();
        using var engine = RocksDbEngine.Open(folder.Path, new RocksDbOptions());
        StateEngineException e = Assert.Throws<StateEngineException>(() => RocksDbEngine.Open(folder.Path, new RocksDbOptions()));
        Assert.Contains("in use by another process", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_can_be_cleared_used_again_and_delete_a_range()
    {
        using var folder = new TemporaryFolder();
        using var engine = RocksDbEngine.Open(folder.Path, new RocksDbOptions());
        using StateBatch batch = engine.CreateBatch();
        batch.Put("lost"u8, "1"u8);
        batch.Clear();
        batch.Put("a"u8, "1"u8);
        batch.Put("b"u8, default);
        batch.Put("c"u8, "3"u8);
        engine.Write(batch);
        using IStateSnapshot before = engine.Snapshot();
        batch.Clear();
        batch.Delete("missing"u8);
        batch.DeleteRange([], "c"u8);
        engine.Write(batch);
        Assert.Null(engine.Get("lost"u8));
        Assert.Null(engine.Get("a"u8));
        Assert.NotNull(engine.Get("c"u8));
        Assert.Empty(before.Get("b"u8)!);
        using IStateCursor cursor = before.Cursor(default, "c"u8.ToArray());
        Assert.True(cursor.Next());
        Assert.True(cursor.Key.SequenceEqual("a"u8) && cursor.Value.SequenceEqual("1"u8));
        Assert.True(cursor.Next());
        Assert.False(cursor.Next());
        Assert.False(cursor.Next());
    }
}
