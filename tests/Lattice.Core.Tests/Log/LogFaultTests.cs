using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Tests.Disk;
using Xunit;
using static Lattice.Core.Tests.Log.LogFixture;

namespace Lattice.Core.Tests.Log;

public sealed class LogFaultTests
{
    private readonly FaultyDisk _disk = new();

    [Fact]
    public void A_full_disk_stops_writing_while_reads_go_on_and_heals()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 10), null);
        log.Flush();
        _disk.Capacity = 10_000;
        long durable = log.DurableSequence;
        log.Group(1).Append([.. Enumerable.Range(11, 20).Select(i => Entry((ulong)i, 1, 1000))], new HardState(3, 0, 0));
        for (int attempt = 0; attempt < 3; attempt++)
        {
            Assert.Throws<DiskFullException>(() => log.Flush());
            Assert.Equal(durable, log.DurableSequence);
            Assert.True(log.PendingBytes > 20_000);
            Assert.Equal(30UL, log.Group(1).LastIndex);
            Assert.Equal(30, All(log.Group(1)).Count);
            Assert.Equal(Path.GetFileName(SegmentPath(1)), Assert.Single(_disk.List(LogFixture.Directory)));
        }

        log.Group(2).Append(Run(1, 2), null);
        _disk.Capacity = long.MaxValue;
        log.Flush();
        Assert.Equal(log.AppendedSequence, log.DurableSequence);
        Assert.Equal(0, log.PendingBytes);
        _disk.Crash(_ => false);
        log = Open(_disk);
        Assert.Equal(30UL, log.Group(1).LastIndex);
        AssertEntries(Run(1, 2), log.Group(2));
    }

    [Fact]
    public void A_write_that_fills_the_disk_halfway_is_repeated_in_its_place()
    {
        for (int budget = 0; budget < 12_000; budget += 97)
        {
            var disk = new FaultyDisk();
            WriteAheadLog log = Open(disk);
            log.Group(1).Append(Run(1, 2), null);
            log.Flush();
            log.PrepareNextSegment();
            Entry[] entries = [.. Enumerable.Range(3, 20).Select(i => Entry((ulong)i, 1, 500))];
            foreach (Entry entry in entries)
            {
                log.Group(1).Append([entry], null);
            }

            disk.WriteBudget = budget;
            try
            {
                log.Flush();
            }
            catch (DiskFullException)
            {
                log.Group(1).Append([Entry(23, 1, 500)], null);
                FaultyDisk crashed = disk.Copy();
                AssertEntries([.. Run(1, 2), .. entries[..(int)(Open(crashed).Group(1).LastIndex - 2)]], Open(crashed).Group(1));
                disk.WriteBudget = long.MaxValue;
                log.Flush();
                entries = [.. entries, Entry(23, 1, 500)];
            }

            disk.Crash(_ => false);
            AssertEntries([.. Run(1, 2), .. entries], Open(disk).Group(1));
        }
    }

    [Fact]
    public void Two_attempts_at_a_write_never_mix_to_something_that_looks_like_corruption()
    {
        LogOptions options = Options with { SyncOnWrite = false };
        WriteAheadLog log = Open(_disk, options);
        log.Group(1).Append([Entry(1)], null);
        log.Flush();
        log.Group(1).Append([Entry(2, 1, 1000)], null);
        log.Group(1).Append([Entry(3, 1, 1000)], null);
        log.Group(1).Append([Entry(4, 1, 1000)], null);
        _disk.WriteBudget = 2500;
        Assert.Throws<DiskFullException>(() => log.Flush());

        // The sync makes the first attempt durable as far as it went, and more be synced by the time of the second.
        log.Sync();
        _disk.WriteBudget = long.MaxValue;
        log.Flush();
        int head = Records(_disk.Bytes(SegmentPath(1)))[2].Offset / FaultyDisk.SectorBytes * FaultyDisk.SectorBytes;
        _disk.Crash(sector => sector == head);
        Assert.Equal(3UL, Open(_disk, options).Group(1).LastIndex);
    }

    [Fact]
    public void A_failed_sync_is_final()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), null);
        log.Flush();
        log.Group(1).Append(Run(4, 6), null);
        long durable = log.DurableSequence;
        int syncs = 0;
        _disk.Syncing = path =>
        {
            syncs++;
            throw new DiskFailedException("Syncing failed: " + path);
        };
        Assert.Throws<DiskFailedException>(() => log.Flush());
        Assert.Throws<DiskFailedException>(() => log.Flush());
        Assert.Throws<DiskFailedException>(() => log.Sync());
        Assert.Throws<DiskFailedException>(() => log.Seal());
        Assert.Throws<DiskFailedException>(() => log.Group(1).Append(Run(7, 7), null));
        Assert.Equal(1, syncs);
        Assert.Equal(durable, log.DurableSequence);
        Assert.NotNull(log.Failure);
        AssertEntries(Run(1, 6), log.Group(1));
        _disk.Crash(_ => false);
        AssertEntries(Run(1, 3), Open(_disk).Group(1));
    }

    [Fact]
    public void Any_other_failure_of_a_write_is_final_too()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), null);
        _disk.Writing = _ => throw new IOException("unknown error");
        DiskFailedException e = Assert.Throws<DiskFailedException>(() => log.Flush());
        Assert.Contains("unknown error", e.Message, StringComparison.Ordinal);
        _disk.Writing = null;
        Assert.Throws<DiskFailedException>(() => log.Flush());
    }

    [Fact]
    public void A_log_cannot_begin_on_a_full_disk_and_leaves_nothing_behind()
    {
        _disk.Capacity = 100;
        Assert.Throws<DiskFullException>(() => Open(_disk));
        Assert.Empty(_disk.List(LogFixture.Directory));
        _disk.Capacity = long.MaxValue;
        Assert.True(Open(_disk).Recovery.Created);
    }

    [Fact]
    public void A_full_disk_does_not_keep_a_log_from_being_opened_and_read()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append([Entry(1, 1, 7000)], null);
        log.Flush();
        _disk.Kill();
        _disk.Capacity = 8192;
        log = Open(_disk);
        AssertEntries([Entry(1, 1, 7000)], log.Group(1));
        log.Group(1).Append([Entry(2, 1, 7000)], null);
        Assert.Throws<DiskFullException>(() => log.Flush());
    }

    [Fact]
    public void Removing_segments_is_tried_again_after_a_failure_and_never_leaves_a_gap()
    {
        WriteAheadLog log = Open(_disk);
        for (ulong i = 1; i <= 100; i++)
        {
            log.Group(1).Append([Entry(i, 1, 500)], null);
        }

        log.Group(1).Compact(99);
        log.Flush();
        int segments = log.SegmentCount;
        Assert.True(segments > 4);
        log.RemoveObsoleteSegments();
        _disk.Crash(new Random(1));
        log = Open(_disk);
        AssertEntries([Entry(100, 1, 500)], log.Group(1));
        Assert.Equal(new LogPosition(99, 1), log.Group(1).Compacted);
    }
}
