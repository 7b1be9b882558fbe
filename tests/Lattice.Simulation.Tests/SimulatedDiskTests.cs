using Lattice.Core.Disk;
using Lattice.Simulation.Disk;
using Lattice.Simulation.Runtime;
using Xunit;

namespace Lattice.Simulation.Tests;

public sealed class SimulatedDiskTests
{
    private readonly PowerSwitch _power = new();

    [Fact]
    public void What_was_synced_survives_every_crash()
    {
        for (ulong seed = 0; seed < 100; seed++)
        {
            SimulatedDisk disk = NewDisk(seed);
            using (IDiskFile file = disk.Open("/d/f", DiskFileMode.Create))
            {
                file.Write(0, Bytes(3_000, 7));
                file.Sync();
                disk.SyncDirectory("/d");
                file.Write(1_500, Bytes(3_000, 9));
            }

            disk.Crash();
            byte[] content = ReadAll(disk, "/d/f");
            Assert.InRange(content.Length, 3_000, 4_500);
            Assert.All(content[..1_500], b => Assert.Equal(7, b));
        }
    }

    [Fact]
    public void What_was_not_synced_survives_whole_in_part_or_not_at_all_by_sectors()
    {
        HashSet<string> outcomes = [];
        for (ulong seed = 0; seed < 300; seed++)
        {
            SimulatedDisk disk = NewDisk(seed);
            using (IDiskFile file = disk.Open("/d/f", DiskFileMode.Create))
            {
                file.Preallocate(4 * FileContent.SectorSize);
                file.Sync();
                disk.SyncDirectory("/d");
                file.Write(0, Bytes(4 * FileContent.SectorSize, 1));
            }

            disk.Crash();
            byte[] content = ReadAll(disk, "/d/f");
            string outcome = "";
            for (int sector = 0; sector < 4; sector++)
            {
                byte[] bytes = content[(sector * FileContent.SectorSize)..((sector + 1) * FileContent.SectorSize)];
                Assert.Single(bytes.Distinct());
                outcome += bytes[0];
            }

            outcomes.Add(outcome);
        }

        Assert.Contains("0000", outcomes);
        Assert.Contains("1111", outcomes);
        Assert.Contains("1000", outcomes);
        Assert.Contains("0001", outcomes);
    }

    [Fact]
    public void A_name_is_durable_only_when_its_directory_was_synced()
    {
        int lost = 0;
        for (ulong seed = 0; seed < 50; seed++)
        {
            SimulatedDisk disk = NewDisk(seed);
            using (IDiskFile file = disk.Open("/d/f", DiskFileMode.Create))
            {
                file.Write(0, Bytes(10, 1));
                file.Sync();
            }

            disk.Crash();
            lost += disk.Exists("/d/f") ? 0 : 1;
        }

        Assert.InRange(lost, 1, 49);
    }

    [Fact]
    public void A_rename_that_was_not_synced_shows_the_old_or_the_new_file_but_never_none()
    {
        HashSet<byte> seen = [];
        for (ulong seed = 0; seed < 50; seed++)
        {
            SimulatedDisk disk = NewDisk(seed);
            foreach ((string name, byte fill) in new[] { ("/d/f", (byte)1), ("/d/new", (byte)2) })
            {
                using IDiskFile file = disk.Open(name, DiskFileMode.Create);
                file.Write(0, Bytes(10, fill));
                file.Sync();
            }

            disk.SyncDirectory("/d");
            disk.Rename("/d/new", "/d/f");
            disk.Crash();
            seen.Add(ReadAll(disk, "/d/f")[0]);
        }

        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public void The_power_fails_exactly_in_the_operation_it_was_ordered_for()
    {
        SimulatedDisk disk = NewDisk(1);
        IDiskFile file = disk.Open("/d/f", DiskFileMode.Create);
        _power.FailAfter(1);
        file.Write(0, Bytes(10, 1));
        Assert.Throws<PowerFailedException>(file.Sync);
        Assert.Throws<PowerFailedException>(() => disk.Exists("/d/f"));
        disk.Crash();
        _power.TurnOn();
        disk.Exists("/d/f");
        Assert.Throws<SimulationFailure>(file.Sync);
    }

    [Fact]
    public void A_full_disk_refuses_writes_and_preallocation_until_there_is_room()
    {
        SimulatedDisk disk = NewDisk(1);
        disk.Capacity = 1_000;
        using IDiskFile file = disk.Open("/d/f", DiskFileMode.Create);
        file.Preallocate(900);
        Assert.Throws<DiskFullException>(() => file.Write(800, Bytes(300, 1)));
        Assert.Throws<DiskFullException>(() => file.Preallocate(1_001));
        file.Write(800, Bytes(100, 1));
        disk.Capacity = 2_000;
        file.Write(800, Bytes(300, 1));
        Assert.Equal(900, disk.FreeBytes("/d"));
    }

    [Fact]
    public void A_file_whose_sync_failed_may_not_be_used_again()
    {
        SimulatedDisk disk = NewDisk(1);
        using IDiskFile file = disk.Open("/d/f", DiskFileMode.Create);
        disk.FailSyncs = true;
        Assert.Throws<DiskFailedException>(file.Sync);
        Assert.Throws<SimulationFailure>(file.Sync);
    }

    private SimulatedDisk NewDisk(ulong seed)
    {
        SimulatedDisk disk = new(new SeededRandom(seed), _power, new Coverage());
        disk.CreateDirectory("/d");
        return disk;
    }

    private static byte[] Bytes(int count, byte fill)
    {
        byte[] bytes = new byte[count];
        Array.Fill(bytes, fill);
        return bytes;
    }

    private static byte[] ReadAll(SimulatedDisk disk, string path)
    {
        using IDiskFile file = disk.Open(path, DiskFileMode.Read);
        byte[] bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return bytes;
    }
}
