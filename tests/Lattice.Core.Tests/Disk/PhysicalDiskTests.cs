using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Tests.Log;
using Xunit;

namespace Lattice.Core.Tests.Disk;

public sealed class PhysicalDiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly PhysicalDisk _disk = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_preallocated_file_is_all_zeros_and_keeps_what_it_held()
    {
        using IDiskFile file = _disk.Open(_directory.File("a"), DiskFileMode.Create);
        file.Write(0, "hello"u8);
        file.Preallocate(3_000_000);
        file.Sync();
        Assert.Equal(3_000_000, file.Length);
        byte[] content = new byte[3_000_001];
        Assert.Equal(3_000_000, file.Read(0, content));
        Assert.True(content.AsSpan(0, 5).SequenceEqual("hello"u8));
        Assert.Equal(-1, content.AsSpan(5).IndexOfAnyExcept((byte)0));
        file.Preallocate(10);
        Assert.Equal(3_000_000, file.Length);
        file.Truncate(3);
        Assert.Equal(3, file.Read(0, content));
        Assert.Equal(0, file.Read(3, content));
    }

    [Fact]
    public void Files_are_created_listed_renamed_and_deleted()
    {
        string deep = Path.Combine(_directory.Path, "x", "y");
        Assert.Empty(_disk.List(deep));
        _disk.CreateDirectory(deep);
        _disk.CreateDirectory(deep);
        _disk.Open(Path.Combine(deep, "b"), DiskFileMode.Create).Dispose();
        _disk.Open(Path.Combine(deep, "B"), DiskFileMode.Create).Dispose();
        _disk.Open(Path.Combine(deep, "a"), DiskFileMode.Create).Dispose();
        Assert.Equal(["B", "a", "b"], _disk.List(deep));
        Assert.Throws<IOException>(() => _disk.Open(Path.Combine(deep, "a"), DiskFileMode.Create));
        Assert.Throws<FileNotFoundException>(() => _disk.Open(Path.Combine(deep, "c"), DiskFileMode.Read));
        _disk.Rename(Path.Combine(deep, "a"), Path.Combine(deep, "b"));
        _disk.Delete(Path.Combine(deep, "B"));
        _disk.Delete(Path.Combine(deep, "B"));
        _disk.SyncDirectory(deep);
        Assert.Equal(["b"], _disk.List(deep));
        Assert.True(_disk.Exists(Path.Combine(deep, "b")));
        Assert.True(_disk.FreeBytes(deep) > 0);
    }

    [SkippableLinuxFact]
    public void A_full_device_is_told_from_other_failures()
    {
        using IDiskFile full = _disk.Open("/dev/full", DiskFileMode.ReadWrite);
        DiskFullException e = Assert.Throws<DiskFullException>(() => full.Write(0, "x"u8));
        Assert.Contains("/dev/full", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_on_a_real_disk_survives_its_process()
    {
        var options = new LogOptions { SegmentBytes = 64 << 10, NewLogId = 1 };
        string path = Path.Combine(_directory.Path, "wal");
        using (WriteAheadLog log = WriteAheadLog.Open(_disk, path, options))
        {
            for (ulong i = 1; i <= 500; i++)
            {
                log.Group(1).Append([LogFixture.Entry(i, 1, 400)], new HardState(1, 1, i - 1));
                if (i % 20 == 0)
                {
                    log.Flush();
                }
            }

            log.Group(1).Compact(400);
            log.Flush();
            Assert.True(log.RemoveObsoleteSegments() > 0);
        }

        using (WriteAheadLog log = WriteAheadLog.Open(_disk, path, options))
        {
            LogFixture.AssertEntries(Enumerable.Range(401, 100).Select(i => LogFixture.Entry((ulong)i, 1, 400)), log.Group(1));
        }
    }
}
