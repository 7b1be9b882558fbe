using Lattice.Core.Disk;
using Lattice.Core.State;
using Xunit;

namespace Lattice.Core.Tests.State;

public sealed class SnapshotFileTests : IDisposable
{
    private static readonly SnapshotFileInfo Info = new(123, 1_700_000_000_000, 2, 42, "lattice");
    private readonly TemporaryFolder folder = new();
    private readonly FolderDisk disk = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void All_groups_of_a_node_come_back_from_one_file()
    {
        using StateFixture one = SnapshotTests.Filled(group: 1);
        using StateFixture two = SnapshotTests.Filled(records: 10, group: 2);
        string path = Write(one, two);
        Assert.Equal(Path.Combine(folder.Path, "snapshot-00000123.snap"), path);
        Assert.Equal(Info, SnapshotFile.Verify(disk, path));
        using SnapshotFileReader reader = SnapshotFile.Open(disk, path);
        Assert.Equal([1u, 2u], reader.Sections.Select(s => s.Group));
        foreach ((StateFixture from, SnapshotSection section) in new[] { one, two }.Zip(reader.Sections))
        {
            Assert.Equal(from.Machine.Configuration.Voters, reader.ReadMetadata(section).Configuration.Voters);
            using var to = new StateFixture(group: section.Group);
            using SnapshotInstaller installer = to.Machine.BeginInstall(reader.ReadMetadata(section));
            foreach (ReadOnlyMemory<byte> block in reader.Blocks(section))
            {
                installer.Add(block);
            }

            installer.Complete();
            Assert.Equal(from.Rows(), to.Rows());
        }
    }

    [Fact]
    public void The_latest_snapshot_has_a_second_name_that_stands_alone()
    {
        using StateFixture one = SnapshotTests.Filled(records: 10);
        Write(one);
        one.Put("more", "1");
        string newest = Write(Info with { Number = 124 }, one);
        string latest = Path.Combine(folder.Path, SnapshotFile.LatestName);
        Assert.Equal(File.ReadAllBytes(newest), File.ReadAllBytes(latest));
        Assert.Equal(124UL, SnapshotFile.Verify(disk, latest).Number);
        File.Delete(newest);
        Assert.Equal(124UL, SnapshotFile.Verify(disk, latest).Number);
        Assert.Equal(["latest.snap", "snapshot-00000123.snap"], disk.List(folder.Path));
    }

    [Fact]
    public void A_full_disk_leaves_the_older_snapshot_and_nothing_unfinished()
    {
        using StateFixture one = SnapshotTests.Filled();
        Write(one);
        disk.Room = 1000;
        Assert.Throws<DiskFullException>(() => Write(Info with { Number = 124 }, one));
        Assert.Equal(["latest.snap", "snapshot-00000123.snap"], disk.List(folder.Path));
        disk.Room = long.MaxValue;
        File.WriteAllText(Path.Combine(folder.Path, "snapshot-00000124.snap.new"), "left by a crash");
        Write(Info with { Number = 124 }, one);
        Assert.Equal(["latest.snap", "snapshot-00000123.snap", "snapshot-00000124.snap"], disk.List(folder.Path));
    }

    [Fact]
    public void A_truncated_file_is_named_with_offset_and_advice()
    {
        using StateFixture one = SnapshotTests.Filled(records: 50);
        string path = Write(one);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length += 13)
        {
            File.WriteAllBytes(path, whole[..length]);
            SnapshotCorruptException e = Assert.Throws<SnapshotCorruptException>(() => SnapshotFile.Verify(disk, path));
            Assert.Equal(path, e.Path);
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
            Assert.Contains("Copy it again", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Any_damaged_byte_of_a_file_is_found()
    {
        using StateFixture one = SnapshotTests.Filled(records: 50);
        string path = Write(one);
        byte[] whole = File.ReadAllBytes(path);
        for (int position = 0; position < whole.Length; position += 3)
        {
            byte[] damaged = [.. whole];
            damaged[position] ^= 1;
            File.WriteAllBytes(path, damaged);
            SnapshotCorruptException e = Assert.Throws<SnapshotCorruptException>(() => SnapshotFile.Verify(disk, path));
            Assert.InRange(e.Offset, 0, whole.Length);
        }
    }

    [Fact]
    public void Something_else_is_not_taken_for_a_snapshot()
    {
        string path = Path.Combine(folder.Path, "other");
        File.WriteAllBytes(path, new byte[5000]);
        Assert.Throws<SnapshotCorruptException>(() => SnapshotFile.Open(disk, path));
    }

    private string Write(params StateFixture[] states) => Write(Info, states);

    private string Write(SnapshotFileInfo info, params StateFixture[] states)
    {
        GroupSnapshot[] groups = [.. states.Select(s => s.Machine.OpenSnapshot())];
        try
        {
            return SnapshotFile.Write(disk, folder.Path, info, groups);
        }
        finally
        {
            foreach (GroupSnapshot group in groups)
            {
                group.Dispose();
            }
        }
    }
}
