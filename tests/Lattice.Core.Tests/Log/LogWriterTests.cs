using System.Collections.Concurrent;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Tests.Disk;
using Xunit;
using static Lattice.Core.Tests.Log.LogFixture;

namespace Lattice.Core.Tests.Log;

public sealed class LogWriterTests
{
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);
    private readonly FaultyDisk _disk = new();
    private readonly Observer _observer = new();

    [Fact]
    public async Task What_is_appended_becomes_durable_and_is_reported()
    {
        WriteAheadLog log = Open(_disk);
        await using var writer = new LogWriter(log, TimeProvider.System, _observer, Never);
        for (ulong i = 1; i <= 50; i++)
        {
            long sequence = log.Group(1).Append([Entry(i)], null);
            _observer.WaitUntil(o => o.Durable >= sequence);
            Assert.True(log.DurableSequence >= sequence);
        }

        Assert.True(_observer.Syncs >= 50);
    }

    [Fact]
    public async Task What_comes_together_during_a_flush_is_the_next_flush()
    {
        WriteAheadLog log = Open(_disk, Options with { SegmentBytes = 1 << 20 });
        using var inSync = new SemaphoreSlim(0);
        using var goOn = new SemaphoreSlim(0);
        _disk.Syncing = _ =>
        {
            inSync.Release();
            goOn.Wait();
        };
        await using var writer = new LogWriter(log, TimeProvider.System, _observer, Never);
        log.Group(1).Append(Run(1, 1), null);
        await inSync.WaitAsync();
        long last = 0;
        for (uint group = 2; group <= 40; group++)
        {
            last = log.Group(group).Append(Run(1, 3), null);
        }

        _disk.Syncing = null;
        goOn.Release();
        _observer.WaitUntil(o => o.Durable >= last);
        Assert.Equal([1, 39], _observer.Batches.ToArray());
    }

    [Fact]
    public async Task Many_groups_appending_at_once_lose_nothing()
    {
        var options = new LogOptions { SegmentBytes = 64 << 10, EntryCacheBytes = 100_000 };
        WriteAheadLog log = Open(_disk, options);
        await using (new LogWriter(log, TimeProvider.System, _observer, TimeSpan.FromMilliseconds(1)))
        {
            Thread[] loops = [.. Enumerable.Range(1, 4).Select(id => new Thread(() =>
            {
                GroupLog group = log.Group((uint)id);
                for (ulong i = 1; i <= 2000; i++)
                {
                    group.Append([Entry(i, 1, 100)], new HardState(1, 1, i - 1));
                    if (i % 500 == 0)
                    {
                        group.Compact(i - 300);
                        log.RemoveObsoleteSegments();
                        AssertEntries(group.Entries(i - 299, i - 100, int.MaxValue).Concat(group.Entries(i - 100, i + 1, int.MaxValue)), group);
                    }
                }
            }))];
            Array.ForEach(loops, l => l.Start());
            Array.ForEach(loops, l => l.Join());
        }

        Assert.Null(_observer.Failure);
        _disk.Crash(_ => false);
        log = Open(_disk, options);
        for (uint id = 1; id <= 4; id++)
        {
            AssertEntries(Enumerable.Range(1701, 300).Select(i => Entry((ulong)i, 1, 100)), log.Group(id));
        }
    }

    [Fact]
    public async Task A_commit_index_alone_is_not_hurried_but_becomes_durable_in_time()
    {
        WriteAheadLog log = Open(_disk, Options with { SyncInterval = TimeSpan.FromMilliseconds(20) });
        await using var writer = new LogWriter(log, TimeProvider.System, _observer, Never);
        long sequence = log.Group(1).Append(Run(1, 2), new HardState(1, 1, 0));
        _observer.WaitUntil(o => o.Durable >= sequence);
        sequence = log.Group(1).Append([], new HardState(1, 1, 2));
        Assert.False(log.HasUrgent);
        _observer.WaitUntil(o => o.Durable >= sequence);
    }

    [Fact]
    public async Task Without_sync_on_write_syncs_follow_in_the_background()
    {
        WriteAheadLog log = Open(_disk, Options with { SyncOnWrite = false, SyncInterval = TimeSpan.FromMilliseconds(20) });
        await using var writer = new LogWriter(log, TimeProvider.System, _observer, Never);
        long sequence = log.Group(1).Append(Run(1, 2), new HardState(1, 1, 0));
        _observer.WaitUntil(o => o.Durable >= sequence);
        _observer.WaitUntil(_ => log.SyncedSequence >= sequence);
    }

    [Fact]
    public async Task A_full_disk_is_reported_once_and_heals_by_itself()
    {
        WriteAheadLog log = Open(_disk);
        await using var writer = new LogWriter(log, TimeProvider.System, _observer, Never);
        _disk.Capacity = 8192;
        long sequence = 0;
        for (ulong i = 1; i <= 10; i++)
        {
            sequence = log.Group(1).Append([Entry(i, 1, 2000)], null);
        }

        _observer.WaitUntil(o => o.FullCount == 1);
        Assert.True(log.DurableSequence < sequence);
        Assert.Equal(10UL, log.Group(1).LastIndex);
        Assert.Equal(10, All(log.Group(1)).Count);
        _disk.Capacity = long.MaxValue;
        _observer.WaitUntil(o => o.HealedCount == 1 && o.Durable >= sequence);
        Assert.Equal(1, _observer.FullCount);
        Assert.Null(_observer.Failure);
    }

    [Fact]
    public async Task A_failed_sync_is_reported_as_fatal_and_ends_the_writer()
    {
        WriteAheadLog log = Open(_disk);
        var writer = new LogWriter(log, TimeProvider.System, _observer, Never);
        _disk.Syncing = path => throw new DiskFailedException("Syncing failed: " + path);
        log.Group(1).Append(Run(1, 1), null);
        _observer.WaitUntil(o => o.Failure is not null);
        Assert.IsType<DiskFailedException>(_observer.Failure);
        Assert.Throws<DiskFailedException>(() => log.Group(1).Append(Run(2, 2), null));
        await writer.DisposeAsync();
    }

    [Fact]
    public async Task A_clean_end_flushes_and_seals()
    {
        WriteAheadLog log = Open(_disk);
        await using (new LogWriter(log, TimeProvider.System, _observer, Never))
        {
            log.Group(1).Append([], new HardState(3, 1, 0));
            log.Group(1).Append(Run(1, 5), null);
            log.Group(1).Append([], new HardState(3, 1, 5));
        }

        Assert.True(log.IsSealed);
        Assert.Equal(log.AppendedSequence, log.DurableSequence);
        _disk.Crash(_ => false);
        Assert.Equal(new HardState(3, 1, 5), Open(_disk).Group(1).HardState);
    }

    [Fact]
    public async Task An_idle_log_is_sealed_and_its_next_segment_made_in_time()
    {
        WriteAheadLog log = Open(_disk);
        await using var writer = new LogWriter(log, TimeProvider.System, _observer, TimeSpan.FromMilliseconds(10));
        log.Group(1).Append([Entry(1, 1, 6000)], null);
        _observer.WaitUntil(_ => log.IsSealed && log.SegmentCount == 2);
        long sealedAt = log.AppendedSequence;
        log.Group(1).Append([Entry(2, 1, 10)], null);
        _observer.WaitUntil(_ => log.IsSealed && log.AppendedSequence > sealedAt + 1);
    }

    private sealed class Observer : ILogObserver
    {
        private readonly object _gate = new();

        public long Durable { get; private set; }

        public int FullCount { get; private set; }

        public int HealedCount { get; private set; }

        public int Syncs { get; private set; }

        public Exception? Failure { get; private set; }

        public ConcurrentQueue<int> Batches { get; } = new();

        public void Flushed(long durableSequence) => Note(() => Durable = durableSequence);

        public void Measured(LogFlush flush, TimeSpan write, TimeSpan sync) => Note(() =>
        {
            Syncs++;
            if (flush.Records > 0)
            {
                Batches.Enqueue(flush.Records);
            }
        });

        public void Full(string message) => Note(() => FullCount++);

        public void Healed() => Note(() => HealedCount++);

        public void Failed(Exception reason) => Note(() => Failure = reason);

        public void WaitUntil(Func<Observer, bool> condition)
        {
            DateTime end = DateTime.UtcNow.AddSeconds(30);
            lock (_gate)
            {
                while (!condition(this))
                {
                    Assert.True(DateTime.UtcNow < end, "waited for 30 s");
                    Monitor.Wait(_gate, 20);
                }
            }
        }

        private void Note(Action note)
        {
            lock (_gate)
            {
                note();
                Monitor.PulseAll(_gate);
            }
        }
    }
}
