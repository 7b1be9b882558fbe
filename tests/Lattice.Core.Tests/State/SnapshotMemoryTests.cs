using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

/// <summary>Tests that measure the memory of the process run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class MeasuresMemory
{
    public const string Name = "measures memory";
}

[Collection(MeasuresMemory.Name)]
public class SnapshotMemoryTests
{
    private const int Records = 200_000;

    [Fact]
    public void A_large_state_is_streamed_in_flat_memory()
    {
        using StateFixture from = Large();
        using var to = new StateFixture();
        using (GroupSnapshot snapshot = from.Machine.OpenSnapshot())
        using (SnapshotInstaller installer = to.Machine.BeginInstall(snapshot.Metadata))
        {
            long before = GC.GetTotalMemory(forceFullCollection: true);
            long most = 0;
            int blocks = 0;
            foreach (ReadOnlyMemory<byte> block in snapshot.Blocks())
            {
                installer.Add(block);
                if (++blocks % 40 == 0)
                {
                    most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
                }
            }

            installer.Complete();
            Assert.True(blocks > 200, $"{blocks} blocks");
            Assert.InRange(most, long.MinValue, 8 << 20);
        }

        Assert.Equal(from.Machine.Applied, to.Machine.Applied);
        using IStateCursor a = from.Engine.Cursor(from.Machine.Keys.Start(RowKind.Record), from.Machine.Keys.End(RowKind.Record));
        using IStateCursor b = to.Engine.Cursor(to.Machine.Keys.Start(RowKind.Record), to.Machine.Keys.End(RowKind.Record));
        int count = 0;
        while (a.Next())
        {
            Assert.True(b.Next() && a.Key[8..].SequenceEqual(b.Key[8..]) && a.Value.SequenceEqual(b.Value));
            count++;
        }

        Assert.False(b.Next());
        Assert.Equal(Records, count);
    }

    [Fact]
    public void A_large_state_that_is_only_passed_on_takes_the_memory_of_one_block()
    {
        using StateFixture from = Large();
        using GroupSnapshot snapshot = from.Machine.OpenSnapshot();
        long before = GC.GetAllocatedBytesForCurrentThread();

        long passed = snapshot.Blocks(inOnePlace: true).Sum(block => (long)block.Length);

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(passed > 32 << 20, $"{passed} bytes");
        Assert.InRange(allocated, 0, 2 << 20);
    }

    private static StateFixture Large()
    {
        var large = new StateFixture();
        byte[] value = new byte[400];
        var random = new Random(7);
        for (int i = 0; i < Records;)
        {
            var batch = new WriteBatchBuilder();
            for (int end = i + 2000; i < end; i++)
            {
                random.NextBytes(value.AsSpan(0, 200));
                batch.Command().Put(B($"key-{i:D8}"), value);
            }

            large.Write(batch);
        }

        return large;
    }
}
