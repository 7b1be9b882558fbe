using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Tests.Disk;
using Xunit;
using static Lattice.Core.Tests.Log.LogFixture;

namespace Lattice.Core.Tests.Log;

public sealed class TornTailTests
{
    private readonly FaultyDisk _disk = new();

    [Fact]
    public void A_last_record_torn_at_any_byte_is_cut_and_the_log_goes_on()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), new HardState(1, 1, 0));
        log.Flush();
        log.Group(1).Append(Run(4, 9), new HardState(2, 1, 0));
        log.Flush();
        byte[] whole = (byte[])_disk.Bytes(SegmentPath(1)).Clone();
        (int offset, int size, _) = Records(whole)[^1];
        for (int torn = offset; torn < offset + size; torn++)
        {
            byte[] bytes = (byte[])whole.Clone();
            bytes.AsSpan(torn).Clear();
            bool intact = bytes.AsSpan().SequenceEqual(whole);
            FaultyDisk disk = _disk.Copy();
            disk.Replace(SegmentPath(1), bytes);

            log = Open(disk);
            AssertEntries(Run(1, intact ? 9u : 3u), log.Group(1));
            bool nothingLeft = bytes.AsSpan(offset).IndexOfAnyExcept((byte)0) < 0;
            Assert.Equal(intact || nothingLeft, log.Recovery.TornBytes == 0);
            Assert.Equal(intact || nothingLeft ? null : SegmentPath(1), log.Recovery.TornFile);

            ulong next = log.Group(1).LastIndex + 1;
            log.Group(1).Append([Entry(next, 5)], null);
            log.Flush();
            disk.Crash(_ => false);
            log = Open(disk);
            Assert.Equal(0, log.Recovery.TornBytes);
            AssertEntries([.. Run(1, next - 1), Entry(next, 5)], log.Group(1));
        }
    }

    [Fact]
    public void A_file_that_ends_within_the_last_record_is_a_torn_tail()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), null);
        log.Flush();
        log.Group(1).Append(Run(4, 9), null);
        log.Flush();
        byte[] whole = (byte[])_disk.Bytes(SegmentPath(1)).Clone();
        (int offset, int size, _) = Records(whole)[^1];
        for (int length = offset; length < offset + size; length += 8)
        {
            FaultyDisk disk = _disk.Copy();
            disk.Replace(SegmentPath(1), whole[..length]);
            log = Open(disk);
            AssertEntries(Run(1, 3), log.Group(1));
            log.Group(1).Append(Run(4, 9), null);
            log.Flush();
            AssertEntries(Run(1, 9), Open(disk).Group(1));
        }
    }

    [Fact]
    public void Whatever_sectors_of_an_interrupted_flush_got_to_the_disk_a_prefix_of_it_is_recovered()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var disk = new FaultyDisk();
            WriteAheadLog log = Open(disk);
            log.Group(1).Append(Run(1, 10), null);
            log.Flush();

            // Several records of several sectors in one flush, at times over the end of a segment, whose sync never comes.
            for (ulong i = 11; i <= 30; i++)
            {
                log.Group(1).Append([Entry(i, 1, random.Next(900))], null);
            }

            int syncs = random.Next(2);
            disk.Syncing = path =>
            {
                if (path.EndsWith(".wal", StringComparison.Ordinal) && syncs-- == 0)
                {
                    throw new IOException("power failure");
                }
            };
            bool interrupted = false;
            try
            {
                log.Flush();
            }
            catch (DiskFailedException)
            {
                interrupted = true;
            }

            disk.Crash(random);

            log = Open(disk);
            ulong last = log.Group(1).LastIndex;
            Assert.InRange(last, interrupted ? 10UL : 30UL, 30UL);
            log.Group(1).Append(Run(last + 1, last + 3, term: 2), null);
            log.Flush();
            disk.Crash(random);
            log = Open(disk);
            Assert.Equal(0, log.Recovery.TornBytes);
            Assert.Equal(last + 3, log.Group(1).LastIndex);
        }
    }

    [Fact]
    public void Without_sync_on_write_any_number_of_interrupted_flushes_is_a_torn_tail()
    {
        LogOptions options = Options with { SyncOnWrite = false };
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var disk = new FaultyDisk();
            WriteAheadLog log = Open(disk, options);
            ulong synced = 0;
            for (ulong i = 1; i <= 60; i++)
            {
                log.Group(1).Append([Entry(i, 1, random.Next(500))], null);
                log.Flush();
                if (random.Next(10) == 0)
                {
                    log.Sync();
                    synced = i;
                }
            }

            disk.Crash(random);
            log = Open(disk, options);
            Assert.InRange(log.Group(1).LastIndex, synced, 60UL);
        }
    }

    [Fact]
    public void Bytes_that_were_cut_never_come_back()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 1), null);
        log.Flush();

        // Two records; the crash loses the sector with the first one's head and keeps the second.
        log.Group(1).Append([Entry(2, 1, 800)], null);
        log.Group(1).Append([Entry(3, 1, 800)], null);
        log.Write();
        int lost = Records(_disk.Bytes(SegmentPath(1)))[^2].Offset / FaultyDisk.SectorBytes * FaultyDisk.SectorBytes;
        _disk.Crash(sector => sector != lost);
        log = Open(_disk);
        Assert.Equal(1UL, log.Group(1).LastIndex);
        Assert.True(log.Recovery.TornBytes > 800);

        // The same length again: were the old second record still there, only its chain would speak against it.
        log.Group(1).Append([Entry(2, 7, 800)], null);
        log.Flush();
        log = Open(_disk);
        AssertEntries([.. Run(1, 1), Entry(2, 7, 800)], log.Group(1));
    }

    [Fact]
    public void A_crash_while_the_torn_tail_is_cut_is_a_torn_tail_again()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var disk = new FaultyDisk();
            WriteAheadLog log = Open(disk);
            log.Group(1).Append(Run(1, 3), null);
            log.Flush();
            log.Group(1).Append(Run(4, 60), null);
            log.Group(1).Append(Run(61, 100), null);
            log.Write();
            disk.Crash(random);
            disk.Syncing = _ => throw new IOException("power failure");
            try
            {
                Open(disk);
            }
            catch (IOException)
            {
                disk.Crash(random);
            }

            Assert.InRange(Open(disk).Group(1).LastIndex, 3UL, 100UL);
        }
    }

    [Fact]
    public void What_an_unsynced_process_left_in_the_page_cache_is_written_again_before_it_counts()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), null);
        log.Write();
        _disk.Kill();
        log = Open(_disk);
        Assert.Equal(3UL, log.Group(1).LastIndex);
        _disk.Crash(_ => false);
        AssertEntries(Run(1, 3), Open(_disk).Group(1));
    }

    [Fact]
    public void What_a_failed_sync_left_in_the_page_cache_is_written_again_before_it_counts()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), null);
        _disk.Syncing = path =>
        {
            _disk.GiveUpUnsynced(SegmentPath(1));
            throw new DiskFailedException("Syncing failed: " + path);
        };
        Assert.Throws<DiskFailedException>(() => log.Flush());
        _disk.Kill();
        _disk.Syncing = null;
        log = Open(_disk);
        Assert.Equal(3UL, log.Group(1).LastIndex);
        _disk.Crash(_ => false);
        AssertEntries(Run(1, 3), Open(_disk).Group(1));
    }

    [Fact]
    public void Garbage_behind_the_end_of_the_log_is_cut()
    {
        WriteAheadLog log = Open(_disk);
        log.Group(1).Append(Run(1, 3), null);
        log.Flush();
        _disk.Bytes(SegmentPath(1))[8000] = 1;
        log = Open(_disk);
        Assert.True(log.Recovery.TornBytes > 0);
        Assert.Equal(0, _disk.Bytes(SegmentPath(1))[8000]);
        AssertEntries(Run(1, 3), log.Group(1));
    }

    [Fact]
    public void Records_of_another_log_stored_as_a_value_are_not_taken_for_proof()
    {
        var other = new FaultyDisk();
        WriteAheadLog foreign = Open(other, Options with { NewLogId = 42 });
        for (ulong i = 1; i <= 20; i++)
        {
            foreign.Group(1).Append([Entry(i)], null);
            foreign.Flush();
        }

        WriteAheadLog log = Open(_disk, Options with { SegmentBytes = 32768 });
        log.Group(1).Append(Run(1, 2), null);
        log.Flush();
        log.Group(1).Append([new Entry(3, 1, EntryKind.Command, other.Bytes(SegmentPath(1)))], null);
        log.Write();
        int head = Records(_disk.Bytes(SegmentPath(1)))[^1].Offset / FaultyDisk.SectorBytes * FaultyDisk.SectorBytes;
        _disk.Crash(sector => sector != head);
        Assert.Equal(2UL, Open(_disk).Group(1).LastIndex);
    }
}
