using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Xunit;

namespace Lattice.Core.Tests.Replication;

public sealed class ReplicaWorkersTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void What_replicas_say_with_a_tick_goes_once_when_the_last_thread_has_run_them()
    {
        var transport = new CountingTransport();
        using var workers = new ReplicaWorkers(threads: 3, TimeProvider.System, transport, e => throw e);
        workers.Start();

        for (int tick = 1; tick <= 20; tick++)
        {
            workers.FlushAfterTick();
            Assert.True(SpinWait.SpinUntil(() => transport.Flushed == tick, Patience), $"{transport.Flushed} flushes after {tick} ticks.");
        }
    }

    [Fact]
    public void A_thread_that_has_not_run_holds_up_what_the_others_say_until_the_next_tick_only()
    {
        var transport = new CountingTransport();
        using var workers = new ReplicaWorkers(threads: 2, TimeProvider.System, transport, e => throw e);

        workers.FlushAfterTick();
        Assert.Equal(0, transport.Flushed);
        workers.FlushAfterTick();
        Assert.Equal(1, transport.Flushed);

        workers.Start();
        Assert.True(SpinWait.SpinUntil(() => transport.Flushed == 2, Patience), $"{transport.Flushed} flushes.");
    }

    private sealed class CountingTransport : IReplicaTransport
    {
        private int flushed;

        public int Flushed => Volatile.Read(ref flushed);

        public void Send(uint group, Message message) => throw new NotSupportedException();

        public void Flush()
        {
            // Nothing was sent.
        }

        public void FlushAll() => Interlocked.Increment(ref flushed);
    }
}
