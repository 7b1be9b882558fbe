using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Tests.Disk;
using Xunit;
using static Lattice.Core.Tests.Log.LogFixture;

namespace Lattice.Core.Tests.Log;

public sealed class WriteAheadLogTests
{
    private readonly FaultyDisk _disk = new();

    [Fact]
    public void What_was_flushed_is_there_after_a_crash_and_what_was_not_is_not()
    {
        WriteAheadLog log = Open(_disk);
        Assert.True(log.Recovery.Created);
        GroupLog group = log.Group(7);
        long sequence = group.Append(Run(1, 5), new HardState(1, 2, 0));
        Assert.True(log.DurableSequence < sequence);
        log.Flush();
        Assert.True(log.DurableSequence >= sequence);
        group.Append(Run(6, 9), new HardState(2, 1, 3));
        _disk.Crash(_ => false);

        log = Open(_disk);
        Assert.False(log.Recovery.Created);
        Assert.Equal(0xA11CEUL, log.Recovery.LogId);
        Assert.Equal([7u], log.Groups);
        AssertEntries(Run(1, 5), log.Group(7));
        Assert.Equal(new HardState(1, 2, 0), log.Group(7).HardState);
    }

    [Fact]
    public void Appended_entries_can_be_read_before_they_are_flushed()
    {
        WriteAheadLog log = Open(_disk);
        GroupLog group = log.Group(1);
        group.Append(Run(1, 3), new HardState(1, 0, 0));
        AssertEntries(Run(1, 3), group);
        Assert.Same(group, log.Group(1));
        Assert.Equal(new HardState(1, 0, 0), group.HardState);
    }

    [Fact]
    public void One_flush_serves_all_groups_with_one_write_and_one_sync()
    {
        WriteAheadLog log = Open(_disk, Options with { SegmentBytes = 1 << 20 });
        for (uint id = 1; id <= 10; id++)
        {
            log.Group(id).Append(Run(1, 10), new HardState(1, 1, 0));
        }

        (int writes, int syncs) = (_disk.Writes, _disk.Syncs);
        LogFlush flush = log.Flush();
        Assert.Equal(10, flush.Records);
        Assert.Equal((writes + 1, syncs + 1), (_disk.Writes, _disk.Syncs));
        log.Flush();
        Assert.Equal((writes + 1, syncs + 1), (_disk.Writes, _disk.Syncs));
    }

    [Fact]
    public void An_append_replaces_the_suffix()
    {
        WriteAheadLog log = Open(_disk);
        GroupLog group = log.Group(1);
        group.Append(Run(1, 10), new HardState(1, 0, 0));
        group.Append(Run(6, 7, term: 2), new HardState(2, 0, 0));
        Entry[] expected = [.. Run(1, 5), .. Run(6, 7, term: 2)];
        AssertEntries(expected, group);
        log.Flush();
        log = Open(_disk);
        AssertEntries(expected, log.Group(1));
        Assert.Equal(7UL, log.Group(1).LastIndex);
        log.Group(1).Append(Run(1, 1, term: 3), null);
        log.Flush();
        log = Open(_disk);
        AssertEntries(Run(1, 1, term: 3), log.Group(1));
    }

    [Fact]
    public void Appends_that_leave_a_gap_or_reach_into_the_compacted_part_are_refused()
    {
        GroupLog group = Open(_disk).Group(1);
        group.Append(Run(1, 10), null);
        group.Compact(4);
        Assert.Throws<ArgumentException>(() => group.Append(Run(12, 12), null));
        Assert.Throws<ArgumentException>(() => group.Append(Run(4, 4), null));
        Assert.Throws<ArgumentException>(() => group.Append([Entry(11), Entry(13)], null));
        Assert.Throws<ArgumentOutOfRangeException>(() => group.Compact(11));
        Assert.Throws<ArgumentOutOfRangeException>(() => group.Term(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => group.Term(11));
        Assert.Throws<ArgumentOutOfRangeException>(() => group.Entries(4, 6, 100));
        Assert.Throws<ArgumentOutOfRangeException>(() => group.Entries(5, 12, 100));
        AssertEntries(Run(5, 10), group);
    }

    [Fact]
    public void Compaction_keeps_the_position_and_survives_a_crash()
    {
        WriteAheadLog log = Open(_disk);
        GroupLog group = log.Group(1);
        group.Append(Run(1, 10, term: 3), new HardState(3, 1, 10));
        long before = group.Bytes;
        group.Compact(6);
        group.Compact(5);
        Assert.True(group.Bytes < before);
        Assert.Equal(group.Bytes, log.LiveBytes);
        log.Flush();
        log = Open(_disk);
        group = log.Group(1);
        Assert.Equal(new LogPosition(6, 3), group.Compacted);
        Assert.Equal((7UL, 10UL), (group.FirstIndex, group.LastIndex));
        Assert.Equal(3UL, group.Term(6));
        AssertEntries(Run(7, 10, term: 3), group);
        group.Compact(10);
        log.Flush();
        log = Open(_disk);
        Assert.Equal((11UL, 10UL, 0L), (log.Group(1).FirstIndex, log.Group(1).LastIndex, log.Group(1).Bytes));
        log.Group(1).Append(Run(11, 12, term: 4), null);
        AssertEntries(Run(11, 12, term: 4), log.Group(1));
    }

    [Fact]
    public void A_reset_empties_the_log_which_goes_on_behind_the_snapshot()
    {
        WriteAheadLog log = Open(_disk);
        GroupLog group = log.Group(1);
        group.Append(Run(1, 10), new HardState(1, 1, 4));
        group.Reset(new LogPosition(500, 7));
        Assert.Equal((501UL, 500UL, 7UL), (group.FirstIndex, group.LastIndex, group.Term(500)));
        group.Append(Run(501, 502, term: 8), new HardState(8, 0, 500));
        log.Flush();
        log = Open(_disk);
        Assert.Equal(new LogPosition(500, 7), log.Group(1).Compacted);
        AssertEntries(Run(501, 502, term: 8), log.Group(1));
    }

    [Fact]
    public void A_removed_group_stays_removed_and_may_begin_anew()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), null);
        log.Group(2).Append(Run(1, 4), null);
        log.RemoveGroup(1);
        log.RemoveGroup(99);
        log.Flush();
        log = Open(_disk);
        Assert.Equal([2u], log.Groups);
        Assert.Equal(0UL, log.Group(1).LastIndex);
        log.Group(1).Append(Run(1, 1, term: 9), null);
        log.Flush();
        log = Open(_disk);
        AssertEntries(Run(1, 1, term: 9), log.Group(1));
        AssertEntries(Run(1, 4), log.Group(2));
    }

    [Fact]
    public void A_commit_index_that_outran_its_entries_is_cut_back()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), new HardState(2, 0, 2));
        log.Group(1).Append([], new HardState(2, 0, 900));
        log.Flush();
        Assert.Equal(new HardState(2, 0, 3), Open(_disk).Group(1).HardState);
    }

    [Fact]
    public void The_log_goes_on_over_many_segments()
    {
        WriteAheadLog log = Open(_disk);
        for (ulong i = 1; i <= 300; i++)
        {
            log.Group((uint)(i % 3)).Append([Entry(((i - 1) / 3) + 1, 1, 200)], new HardState(1, 1, 0));
            if (i % 7 == 0)
            {
                log.Flush();
            }
        }

        log.Flush();
        Assert.True(log.SegmentCount > 5);
        log = Open(_disk);
        for (uint id = 0; id < 3; id++)
        {
            AssertEntries(Enumerable.Range(1, 100).Select(i => Entry((ulong)i, 1, 200)), log.Group(id));
        }
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(1 << 20)]
    public void A_record_larger_than_a_segment_gets_a_larger_segment(int bytes)
    {
        WriteAheadLog log = Open(_disk);
        Entry[] entries = [Entry(1, 1, 100), Entry(2, 1, bytes), Entry(3, 1, 100)];
        foreach (Entry entry in entries)
        {
            log.Group(1).Append([entry], null);
        }

        log.Flush();
        log = Open(_disk);
        AssertEntries(entries, log.Group(1));
        log.Group(1).Append([Entry(4, 1, 5000)], null);
        log.Flush();
        AssertEntries([.. entries, Entry(4, 1, 5000)], Open(_disk).Group(1));
    }

    [Fact]
    public void A_large_batch_is_one_append()
    {
        WriteAheadLog log = Open(_disk, Options with { SegmentBytes = 1 << 20 });
        Entry[] entries = [.. Enumerable.Range(1, 12).Select(i => Entry((ulong)i, 2, 1 << 20))];
        log.Group(1).Append(entries, new HardState(2, 1, 12));
        log.Flush();
        log = Open(_disk);
        AssertEntries(entries, log.Group(1));
        Assert.Equal(new HardState(2, 1, 12), log.Group(1).HardState);
    }

    [Fact]
    public void Segments_that_no_group_needs_are_removed_and_the_group_that_needs_the_oldest_is_named()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(9).Append(Run(1, 1), new HardState(1, 9, 0));
        Fill(log, 1, 1, 200);
        int all = log.SegmentCount;
        log.Group(1).Compact(150);
        log.Flush();
        Assert.Equal(0, log.RemoveObsoleteSegments());
        Assert.Equal(9u, log.OldestPinningGroup);

        log.Group(9).Compact(1);
        Assert.Equal(0, log.RemoveObsoleteSegments());
        log.Flush();
        Assert.True(log.RemoveObsoleteSegments() > 0);
        Assert.True(log.SegmentCount < all);
        Assert.Equal(1u, log.OldestPinningGroup);
        Assert.False(_disk.Exists(SegmentPath(1)));

        _disk.Crash(_ => false);
        log = Open(_disk);
        AssertEntries(Enumerable.Range(151, 50).Select(i => Entry((ulong)i, 1, 200)), log.Group(1));
        Assert.Equal(new HardState(1, 9, 0), log.Group(9).HardState);
        Assert.Equal(new LogPosition(1, 1), log.Group(9).Compacted);
    }

    [Fact]
    public void Replaced_entries_of_a_removed_segment_are_not_missed()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 5), null);
        Fill(log, 2, 1, 100);
        log.Group(1).Append(Run(1, 2, term: 2), null);
        log.Group(2).Compact(100);
        Fill(log, 2, 101, 110);
        Assert.True(log.RemoveObsoleteSegments() > 0);
        log = Open(_disk);
        AssertEntries(Run(1, 2, term: 2), log.Group(1));
    }

    [Fact]
    public void A_removed_group_does_not_hold_segments_once_its_removal_is_durable()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 5), null);
        Fill(log, 2, 1, 100);
        log.Group(2).Compact(100);
        log.Flush();
        log.RemoveGroup(1);
        Assert.Equal(0, log.RemoveObsoleteSegments());
        log.Flush();
        Assert.True(log.RemoveObsoleteSegments() > 0);
        Assert.Equal([2u], Open(_disk).Groups);
    }

    [Fact]
    public void Entries_that_left_the_cache_are_read_from_the_segments()
    {
        WriteAheadLog log = Open(_disk, Options with { EntryCacheBytes = 1000 });
        Fill(log, 1, 1, 200);
        Fill(log, 2, 1, 50);
        AssertEntries(Enumerable.Range(1, 200).Select(i => Entry((ulong)i, 1, 200)), log.Group(1));
        AssertEntries(Enumerable.Range(1, 50).Select(i => Entry((ulong)i, 1, 200)), log.Group(2));
        Assert.NotSame(log.Group(1).Entries(1, 2, 1)[0], log.Group(1).Entries(1, 2, 1)[0]);
        Assert.Same(log.Group(1).Entries(200, 201, 1)[0], log.Group(1).Entries(200, 201, 1)[0]);
    }

    [Fact]
    public void Entries_not_yet_written_stay_readable_whatever_the_limit_of_the_cache()
    {
        WriteAheadLog log = Open(_disk, Options with { EntryCacheBytes = 0 });
        log.Group(1).Append(Run(1, 100), null);
        log.Group(1).Append(Run(101, 102), null);
        AssertEntries(Run(1, 102), log.Group(1));
    }

    [Fact]
    public void Reads_are_limited_by_size_but_return_at_least_one_entry()
    {
        GroupLog group = Open(_disk).Group(1);
        group.Append([Entry(1, 1, 1000), Entry(2, 1, 1000), Entry(3, 1, 1000)], null);
        Assert.Single(group.Entries(1, 4, 0));
        Assert.Equal(2, group.Entries(1, 4, 2048).Count);
        Assert.Equal(3, group.Entries(1, 4, 1 << 20).Count);
        Assert.Empty(group.Entries(4, 4, 1));
    }

    [Fact]
    public void A_payload_that_the_disk_garbled_after_recovery_is_not_handed_out()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), null);
        log.Flush();
        log = Open(_disk);
        int at = _disk.Bytes(SegmentPath(1)).AsSpan().IndexOf("entry 2"u8);
        _disk.Bytes(SegmentPath(1))[at] ^= 1;
        Assert.Single(log.Group(1).Entries(1, 2, 1));
        LogCorruptException e = Assert.Throws<LogCorruptException>(() => log.Group(1).Entries(2, 3, 1));
        Assert.Equal(SegmentPath(1), e.File);
    }

    [Fact]
    public void The_next_segment_can_be_prepared_beside_the_writer()
    {
        WriteAheadLog log = Open(_disk);
        Assert.False(log.WantsNextSegment);
        log.Group(1).Append([Entry(1, 1, 5000)], null);
        log.Flush();
        Assert.True(log.WantsNextSegment);
        Assert.True(log.PrepareNextSegment());
        Assert.False(log.PrepareNextSegment());
        Assert.Equal(2, log.SegmentCount);
        _disk.Crash(_ => false);
        log = Open(_disk);
        log.Group(1).Append([Entry(2, 1, 5000)], null);
        log.Flush();
        Assert.Equal(2, log.SegmentCount);
        Assert.Equal(2UL, Open(_disk).Group(1).LastIndex);
    }

    [Fact]
    public void Without_sync_on_write_a_record_is_durable_when_written_and_survives_the_process()
    {
        WriteAheadLog log = Open(_disk, Options with { SyncOnWrite = false });
        int syncs = _disk.Syncs;
        long sequence = log.Group(1).Append(Run(1, 3), null);
        log.Flush();
        Assert.Equal(sequence, log.DurableSequence);
        Assert.True(log.SyncedSequence < sequence);
        Assert.Equal(syncs, _disk.Syncs);
        _disk.Kill();
        log = Open(_disk, Options with { SyncOnWrite = false });
        AssertEntries(Run(1, 3), log.Group(1));
        Assert.Equal(sequence, log.SyncedSequence);
        _disk.Crash(_ => false);
        AssertEntries(Run(1, 3), Open(_disk).Group(1));
    }

    [Fact]
    public void An_unfinished_segment_is_swept_away()
    {
        Open(_disk).Flush();
        _disk.Open(SegmentPath(2) + ".tmp", DiskFileMode.Create).Preallocate(100);
        Open(_disk).Flush();
        Assert.False(_disk.Exists(SegmentPath(2) + ".tmp"));
    }

    private static void Fill(WriteAheadLog log, uint group, ulong from, ulong to)
    {
        for (ulong i = from; i <= to; i++)
        {
            log.Group(group).Append([Entry(i, 1, 200)], null);
            log.Flush();
        }
    }
}
