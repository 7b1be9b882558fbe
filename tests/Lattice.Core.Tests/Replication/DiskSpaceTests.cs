using Lattice.Core.Replication;
using Lattice.Core.Tests.State;
using Xunit;

namespace Lattice.Core.Tests.Replication;

/// <summary>When a node counts its volume as full, and what it keeps for that case.</summary>
public sealed class DiskSpaceTests : IDisposable
{
    private const long Reserve = 256 << 20;

    private readonly FolderDisk disk = new();
    private readonly string directory = Directory.CreateTempSubdirectory("lattice-space-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Below_the_reserve_there_is_no_room_and_a_little_above_there_is_again()
    {
        var space = new DiskSpace(disk, directory, Reserve);
        Assert.Equal((false, false, true), (IsShort(space, long.MaxValue), IsShort(space, Reserve), IsShort(space, Reserve - 1)));
        Assert.Equal((true, true, false), (IsShort(space, Reserve), IsShort(space, Reserve + (Reserve / 16) - 1), IsShort(space, Reserve + (Reserve / 16))));
    }

    [Fact]
    public void Without_a_reserve_there_is_room_to_the_last_byte() => Assert.False(IsShort(new DiskSpace(disk, directory, 0), 0));

    [Theory]
    [InlineData(100, 20, 0.8)]
    [InlineData(100, 100, 0)]
    [InlineData(100, 0, 1)]
    [InlineData(0, 0, 0)]
    public void What_is_in_use_is_told_as_a_part_of_the_volume(long total, long free, double used) =>
        Assert.Equal(used, new DiskRoom(directory, free, total, Reserve, IsShort: false).UsedRatio, 6);

    [Fact]
    public void The_spare_room_is_taken_when_there_is_plenty_and_given_up_when_it_is_needed()
    {
        var options = new NodeCoreOptions { DataDirectory = directory, Node = 1, Peers = [1], ReserveBytes = 1 << 20 };
        var spare = new SpareRoom(disk, options);
        string file = Path.Combine(directory, "reserve");
        spare.Fill(new DiskRoom(directory, 2 << 20, 100 << 20, 1 << 20, IsShort: false));
        Assert.False(File.Exists(file));
        spare.Fill(new DiskRoom(directory, 50 << 20, 100 << 20, 1 << 20, IsShort: false));
        Assert.Equal(1 << 19, new FileInfo(file).Length);

        disk.Room = 1 << 10;
        spare.GiveUpIfNeeded();
        Assert.False(File.Exists(file));
    }

    private bool IsShort(DiskSpace space, long free)
    {
        disk.Room = free;
        space.Look();
        return space.IsShort;
    }
}
