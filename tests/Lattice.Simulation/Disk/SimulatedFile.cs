using Lattice.Core.Disk;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Disk;

/// <summary>An open file of a <see cref="SimulatedDisk"/>.</summary>
internal sealed class SimulatedFile(SimulatedDisk disk, string path, FileContent content, bool writable) : IDiskFile
{
    private readonly int _life = disk.Life;
    private bool _closed;
    private bool _failed;

    public long Length
    {
        get
        {
            Check();
            return content.Length;
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        Check();
        return content.Read(offset, buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        CheckWritable();
        if (disk.PowerFailsNow())
        {
            // It was on its way; what of it arrives is decided by the crash.
            content.Write(offset, data);
            PowerSwitch.Fail();
        }

        disk.Reserve(path, offset + data.Length - content.Length);
        content.Write(offset, data);
    }

    public void Preallocate(long length)
    {
        CheckWritable();
        if (length > content.Length)
        {
            disk.Enter();
            disk.Reserve(path, length - content.Length);
            content.Resize(length);
        }
    }

    public void Truncate(long length)
    {
        CheckWritable();
        disk.Enter();
        disk.Reserve(path, length - content.Length);
        content.Resize(length);
    }

    public void Sync()
    {
        CheckWritable();
        disk.Enter();
        try
        {
            disk.FailIfBroken(path);
        }
        catch (DiskFailedException)
        {
            _failed = true;
            throw;
        }

        if (disk.SyncLater is not { } later)
        {
            content.Sync();
            return;
        }

        int life = disk.Life;
        later(() =>
        {
            if (disk.Life == life)
            {
                content.Sync();
            }
        });
    }

    public void Dispose() => _closed = true;

    private void CheckWritable()
    {
        Check();
        if (!writable)
        {
            throw new SimulationFailure($"{path}: was opened for reading and is written to.");
        }

        if (_failed)
        {
            throw new SimulationFailure($"{path}: is used after its sync failed.");
        }
    }

    private void Check()
    {
        if (_life != disk.Life)
        {
            throw new SimulationFailure($"{path}: a handle of a process that has died is used.");
        }

        if (_closed)
        {
            throw new SimulationFailure($"{path}: is used after it was closed.");
        }
    }
}
