using Lattice.Core.Verification;
using Lattice.Silo.Analysis;

namespace Lattice.Cluster.Tests.Analysis;

public sealed class MachineFactsTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("lattice-machine-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Processor_memory_and_the_counters_that_the_kernel_shows_are_read()
    {
        Put("proc/cpuinfo", "processor\t: 0\nmodel name\t: An x86 processor @ 3 GHz\nprocessor\t: 1\nmodel name\t: Another\n");
        Put("proc/meminfo", "MemTotal:       16303000 kB\nMemFree:          100 kB\n");
        Put("sys/devices/system/edac/mc/mc0/ce_count", "12\n");
        Put("sys/devices/system/edac/mc/mc0/ue_count", "1\n");
        Put("sys/devices/system/edac/mc/mc1/ce_count", "0\n");
        Put("sys/devices/system/edac/mc/mc1/ue_count", "0\n");
        Put("sys/block/sda/device/ioerr_cnt", "0x1f\n");
        Put("sys/block/nvme0n1/size", "100\n");
        Put("sys/fs/ext4/sda1/errors_count", "2\n");

        ReportedMachine machine = MachineFacts.Read(root);

        Assert.Equal("An x86 processor @ 3 GHz", machine.Processor);
        Assert.Equal(16303000L << 10, machine.MemoryBytes);
        Assert.Equal([new MemoryErrors("mc0", 12, 1), new MemoryErrors("mc1", 0, 0)], machine.MemoryErrors);
        Assert.Equal([new DeviceErrors("sda", "ioerr_cnt", 31), new DeviceErrors("sda1", "errors_count", 2)], machine.DeviceErrors);
    }

    [Fact]
    public void What_is_not_there_or_makes_no_sense_is_left_out()
    {
        Put("proc/cpuinfo", "processor : 0\n");
        Put("sys/devices/system/edac/mc/mc0/ce_count", "many\n");
        Put("sys/devices/system/edac/mc/mc0/ue_count", "0\n");

        ReportedMachine machine = MachineFacts.Read(root);

        Assert.Equal((null, null), (machine.Processor, machine.MemoryBytes));
        Assert.Empty(machine.MemoryErrors);
        Assert.Empty(machine.DeviceErrors);
    }

    [Fact]
    public void This_machine_has_at_least_a_core_and_a_kernel()
    {
        ReportedMachine machine = MachineFacts.Read();

        Assert.InRange(machine.Cores, 1, int.MaxValue);
        Assert.NotEmpty(machine.Kernel);
    }

    private void Put(string path, string content)
    {
        string file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }
}
