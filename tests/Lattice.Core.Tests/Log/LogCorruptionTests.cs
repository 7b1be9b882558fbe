using Lattice.Core.Consensus;
using Lattice.Core.Log;
using Lattice.Core.Tests.Disk;
using Xunit;
using static Lattice.Core.Tests.Log.LogFixture;

namespace Lattice.Core.Tests.Log;

public sealed class LogCorruptionTests
{
    private static readonly LogOptions Small = Options with { SegmentBytes = 4096 };

    /// <summary>Three segments; every record is followed by one that was flushed later.</summary>
    private readonly FaultyDisk _disk = ThreeSegments();

    [Fact]
    public void A_flipped_bit_in_any_record_but_the_last_is_refused_and_nothing_is_changed()
    {
        for (uint number = 1; number <= 3; number++)
        {
            byte[] whole = (byte[])_disk.Bytes(SegmentPath(number)).Clone();
            IReadOnlyList<(int Offset, int Size, LogRecordHeader Header)> records = Records(whole);
            int end = number == 3 ? records[^1].Offset : records[^1].Offset + records[^1].Size;
            for (int at = 0; at < end; at++)
            {
                byte[] bytes = (byte[])whole.Clone();
                bytes[at] ^= (byte)(1 << (at % 8));
                LogCorruptException? e = OpenRefused(disk => disk.Replace(SegmentPath(number), bytes));
                Assert.Equal(SegmentPath(number), e.File);
                Assert.InRange(e.Offset, 0, at);
            }
        }
    }

    [Fact]
    public void The_refusal_names_file_and_offset_and_says_what_to_do()
    {
        byte[] whole = (byte[])_disk.Bytes(SegmentPath(2)).Clone();
        int offset = Records(whole)[2].Offset;
        whole[offset + 50]++;
        LogCorruptException e = OpenRefused(disk => disk.Replace(SegmentPath(2), whole));
        Assert.Equal(offset, e.Offset);
        Assert.Contains(SegmentPath(2), e.Message, StringComparison.Ordinal);
        Assert.Contains("nothing on disk was changed", e.Message, StringComparison.Ordinal);
        Assert.Contains("start the node again", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sector_of_zeros_in_the_middle_is_refused()
    {
        for (uint number = 1; number <= 3; number++)
        {
            byte[] whole = _disk.Bytes(SegmentPath(number));
            int end = Records(whole)[^1].Offset;
            for (int sector = 0; sector + FaultyDisk.SectorBytes <= end; sector += FaultyDisk.SectorBytes)
            {
                byte[] bytes = (byte[])whole.Clone();
                bytes.AsSpan(sector, FaultyDisk.SectorBytes).Clear();
                OpenRefused(disk => disk.Replace(SegmentPath(number), bytes));
            }
        }
    }

    [Fact]
    public void A_tail_of_zeros_in_a_segment_that_is_not_the_last_is_refused()
    {
        byte[] whole = _disk.Bytes(SegmentPath(2));
        foreach ((int offset, _, _) in Records(whole))
        {
            byte[] bytes = (byte[])whole.Clone();
            bytes.AsSpan(offset).Clear();
            OpenRefused(disk => disk.Replace(SegmentPath(2), bytes));
            OpenRefused(disk => disk.Replace(SegmentPath(2), whole[..offset]));
        }
    }

    [Fact]
    public void A_record_that_was_taken_out_or_doubled_or_swapped_is_refused()
    {
        for (uint number = 1; number <= 3; number++)
        {
            byte[] whole = _disk.Bytes(SegmentPath(number));
            IReadOnlyList<(int Offset, int Size, LogRecordHeader Header)> records = Records(whole);
            for (int i = 0; i + 1 < records.Count; i++)
            {
                (int at, int size, _) = records[i];
                (int next, int nextSize, _) = records[i + 1];
                byte[] without = [.. whole[..at], .. whole[next..], .. new byte[size]];
                byte[] doubled = [.. whole[..next], .. whole[at..next], .. whole[next..]];
                byte[] swapped = [.. whole[..at], .. whole[next..(next + nextSize)], .. whole[at..next], .. whole[(next + nextSize)..]];
                OpenRefused(disk => disk.Replace(SegmentPath(number), without));
                OpenRefused(disk => disk.Replace(SegmentPath(number), doubled));
                OpenRefused(disk => disk.Replace(SegmentPath(number), swapped));
            }
        }
    }

    [Fact]
    public void The_last_record_doubled_is_refused()
    {
        byte[] whole = (byte[])_disk.Bytes(SegmentPath(3)).Clone();
        (int at, int size, _) = Records(whole)[^1];
        whole.AsSpan(at, size).CopyTo(whole.AsSpan(at + size));
        OpenRefused(disk => disk.Replace(SegmentPath(3), whole));
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(2u)]
    [InlineData(3u)]
    public void A_missing_segment_is_refused(uint number) => OpenRefused(disk => disk.Lose(SegmentPath(number)));

    [Fact]
    public void Segments_that_changed_places_are_refused() => OpenRefused(disk =>
    {
        byte[] second = disk.Bytes(SegmentPath(2));
        disk.Replace(SegmentPath(2), disk.Bytes(SegmentPath(1)));
        disk.Replace(SegmentPath(1), second);
    });

    [Fact]
    public void A_segment_of_another_log_is_refused()
    {
        FaultyDisk other = ThreeSegments(Small with { NewLogId = 99 });
        OpenRefused(disk => disk.Replace(SegmentPath(2), other.Bytes(SegmentPath(2))));
    }

    [Fact]
    public void An_older_copy_of_a_segment_is_refused()
    {
        var disk = new FaultyDisk();
        WriteAheadLog log = Open(disk, Small);
        log.Group(1).Append([Entry(1, 1, 2000)], null);
        log.Flush();
        byte[] older = (byte[])disk.Bytes(SegmentPath(1)).Clone();
        log.Group(1).Append([Entry(2, 1, 1000)], null);
        log.Group(1).Append([Entry(3, 1, 2000)], null);
        log.Flush();
        disk.Replace(SegmentPath(1), older);
        Assert.Throws<LogCorruptException>(() => Open(disk, Small));
    }

    [Fact]
    public void A_record_with_the_right_number_from_another_life_of_the_same_log_is_refused()
    {
        var disk = new FaultyDisk();
        Open(disk).Group(1);
        FaultyDisk other = disk.Copy();
        int offset = 0;
        int size = 0;
        foreach ((FaultyDisk one, string text) in new[] { (disk, "one"), (other, "two") })
        {
            WriteAheadLog log = Open(one);
            log.Group(1).Append([Entry(1, 1, text)], null);
            log.Flush();
            log.Group(1).Append([Entry(2, 1, "same")], null);
            log.Flush();
            (offset, size, _) = Records(one.Bytes(SegmentPath(1)))[^2];
        }

        // Good in itself, and as long as the one it replaces: only the chain of the next speaks against it.
        other.Bytes(SegmentPath(1)).AsSpan(offset, size).CopyTo(disk.Bytes(SegmentPath(1)).AsSpan(offset));
        Assert.Throws<LogCorruptException>(() => Open(disk));
    }

    [Fact]
    public void A_newer_format_is_named_as_such()
    {
        byte[] whole = (byte[])_disk.Bytes(SegmentPath(1)).Clone();
        whole[8] = 2;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(whole.AsSpan(56), System.IO.Hashing.XxHash3.HashToUInt64(whole.AsSpan(0, 56)));
        FaultyDisk disk = _disk.Copy();
        disk.Replace(SegmentPath(1), whole);
        LogVersionException e = Assert.Throws<LogVersionException>(() => Open(disk, Small));
        Assert.Equal(2u, e.Version);
    }

    [Fact]
    public void After_a_clean_end_damage_to_the_very_last_record_is_refused_too()
    {
        var disk = new FaultyDisk();
        WriteAheadLog log = Open(disk);
        log.Group(1).Append(Run(1, 5), null);
        log.Seal();
        long sealedAt = log.AppendedSequence;
        log.Seal();
        Assert.Equal(sealedAt, log.AppendedSequence);

        byte[] whole = disk.Bytes(SegmentPath(1));
        IReadOnlyList<(int Offset, int Size, LogRecordHeader Header)> records = Records(whole);
        (int offset, int size, _) = records[^2];
        for (int at = offset; at < offset + size; at++)
        {
            FaultyDisk copy = disk.Copy();
            copy.Bytes(SegmentPath(1))[at] ^= 0x10;
            Assert.Throws<LogCorruptException>(() => Open(copy));
        }

        // The mark itself holds nothing.
        FaultyDisk marked = disk.Copy();
        marked.Bytes(SegmentPath(1))[records[^1].Offset] ^= 1;
        AssertEntries(Run(1, 5), Open(marked).Group(1));
    }

    private static FaultyDisk ThreeSegments(LogOptions? options = null)
    {
        var disk = new FaultyDisk();
        WriteAheadLog log = Open(disk, options ?? Small);
        for (ulong i = 1; i <= 24; i++)
        {
            log.Group((uint)(i % 2)).Append([Entry((i + 1) / 2, 1, 300)], new HardState(1, 1, i / 2));
            log.Flush();
        }

        Assert.Equal(3, log.SegmentCount);
        Assert.True(Records(disk.Bytes(SegmentPath(3))).Count > 3);
        return disk;
    }

    private LogCorruptException OpenRefused(Action<FaultyDisk> damage)
    {
        FaultyDisk disk = _disk.Copy();
        damage(disk);
        FaultyDisk before = disk.Copy();
        LogCorruptException e = Assert.Throws<LogCorruptException>(() => Open(disk, Small));
        Assert.Equal(0, disk.Changes);
        Assert.Equal(before.List(LogFixture.Directory), disk.List(LogFixture.Directory));
        return e;
    }
}
