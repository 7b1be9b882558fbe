using Lattice.Core.Consensus;
using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

public class ExpiryTests
{
    [Fact]
    public void A_record_expires_when_the_clock_reaches_its_time()
    {
        using var f = new StateFixture();
        f.Put("a", "1", ttl: 100);
        Assert.Equal(f.Time + 100, f.Read("a").ExpiryMs);
        Assert.Equal(f.Time + 100, f.Machine.NextExpiryMs);
        f.MoveClock(f.Time + 99);
        Assert.Equal("1", f.Value("a"));
        ulong revision = f.Machine.Revision;
        f.MoveClock(f.Time + 1);
        Assert.Null(f.Value("a"));
        Assert.Null(f.Machine.NextExpiryMs);
        Assert.Empty(f.Rows(recordsOnly: true));
        Assert.Equal(revision, f.Machine.Revision);
    }

    [Fact]
    public void The_clock_never_goes_back()
    {
        using var f = new StateFixture();
        f.MoveClock(5_000_000);
        f.MoveClock(4_000_000);
        Assert.Equal(5_000_000UL, f.Machine.ClockMs);
        f.Put("a", "1", ttl: 10);
        Assert.Equal(5_000_010UL, f.Read("a").ExpiryMs);
    }

    [Fact]
    public void Expired_records_are_invisible_at_once_even_those_that_wait_to_be_removed()
    {
        using var f = new StateFixture(new StateLimits { MaxExpiriesPerEntry = 3 });
        for (int i = 0; i < 10; i++)
        {
            f.Put($"{{t}}{i}", "1", ttl: 100);
        }

        f.MoveClock(f.Time + 100);
        Assert.Equal(7, f.Rows(recordsOnly: true).Count(r => r.Key.StartsWith("02", StringComparison.Ordinal)));
        Assert.Empty(f.Scan("", "").Page);
        Assert.Null(f.Value("{t}9"));

        // A command sees neither; what it writes is as if nothing had been there.
        CommandResult put = f.WriteOne(new WriteBatchBuilder().Command().IfAbsent(B("{t}9")).Put(B("{t}9"), B("new")).Get(B("{t}9")));
        Assert.Equal(CommandStatus.Done, put.Status);
        Assert.All(put.Records, r => Assert.False(r.Present));
        f.MoveClock(f.Time);
        f.MoveClock(f.Time);
        Assert.Equal("new", Assert.Single(f.Scan("", "").Page).Record is { } kept ? S(kept.Value) : null);
        Assert.Single(f.Rows(recordsOnly: true));
        Assert.Null(f.Machine.NextExpiryMs);
    }

    [Fact]
    public void A_new_put_replaces_the_old_expiry()
    {
        using var f = new StateFixture();
        f.Put("a", "1", ttl: 100);
        f.Put("a", "2");
        f.Put("b", "1", ttl: 100);
        f.Put("b", "2", ttl: 300);
        f.MoveClock(f.Time + 200);
        Assert.Equal("2", f.Value("a"));
        Assert.Equal("2", f.Value("b"));
        Assert.Equal(f.Time + 100, f.Machine.NextExpiryMs);
        f.MoveClock(f.Time + 100);
        Assert.Null(f.Value("b"));
        Assert.Equal("2", f.Value("a"));
    }

    [Fact]
    public void Records_put_and_expired_within_one_call_are_gone()
    {
        using var f = new StateFixture();
        byte[] put = new WriteBatchBuilder().Command().Put(B("a"), B("1"), 10).Command().Put(B("b"), B("1"), 30).Build();
        Entry first = f.EntryAt(1, put);
        f.Time += 20;
        f.Machine.Apply([first, f.EntryAt(2)]);
        Assert.Null(f.Value("a"));
        Assert.Equal("1", f.Value("b"));
        Assert.Equal(2, f.Rows(recordsOnly: true).Count + 1);
    }

    [Fact]
    public void Expiry_goes_on_after_a_restart()
    {
        using var f = new StateFixture();
        f.Put("a", "1", ttl: 100);
        f.Flush();
        f.Reopen();
        Assert.Equal(f.Time + 100, f.Machine.NextExpiryMs);
        f.MoveClock(f.Time + 100);
        Assert.Null(f.Value("a"));
    }

    [Fact]
    public void The_longest_time_to_live_does_not_overflow()
    {
        using var f = new StateFixture();
        f.Put("a", "1", ttl: ulong.MaxValue);
        Assert.Equal(ulong.MaxValue, f.Read("a").ExpiryMs);
        f.MoveClock(ulong.MaxValue - 1);
        Assert.Equal("1", f.Value("a"));
    }
}
