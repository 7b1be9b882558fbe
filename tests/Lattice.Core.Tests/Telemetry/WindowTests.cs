using Lattice.Core.State;
using Lattice.Core.Telemetry;
using Xunit;

namespace Lattice.Core.Tests.Telemetry;

/// <summary>What is measured of the last moments forgets what is older.</summary>
public sealed class WindowTests
{
    private readonly ManualTime time = new();

    [Fact]
    public void A_rate_is_that_of_the_last_ten_whole_seconds()
    {
        var window = new RateWindow(time);
        for (int second = 0; second < 30; second++)
        {
            window.Add(second < 20 ? 1000 : 50);
            window.Add(50);
            time.Pass(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(100, window.PerSecond);
        Assert.Equal(1000, window.Total);
    }

    [Fact]
    public void A_rate_falls_to_nothing_when_nothing_comes()
    {
        var window = new RateWindow(time);
        window.Add(500);
        time.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(100, window.PerSecond);

        time.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(0, window.PerSecond);
    }

    [Fact]
    public void Quantiles_are_those_of_the_last_minute_and_off_by_an_eighth_at_most()
    {
        var window = new LatencyWindow(time);
        for (ulong value = 1; value <= 1000; value++)
        {
            window.Record(value);
        }

        Assert.InRange(window.Quantile(0.5), 500, 500 * 1.125);
        Assert.InRange(window.Quantile(0.99), 990, 990 * 1.125);

        time.Pass(TimeSpan.FromSeconds(70));
        Assert.Equal(0, window.Quantile(0.99));
    }

    [Fact]
    public void Groups_beyond_the_sixty_fourth_share_a_label()
    {
        Assert.Equal("63", GroupLabel.Of(63).Value);
        Assert.Equal(GroupLabel.Of(64), GroupLabel.Of(1023));
    }

    [Fact]
    public void Requests_of_a_batch_are_counted_from_its_head_and_never_more_than_it_can_hold()
    {
        byte[] batch = new WriteBatchBuilder().Command().Put("a"u8.ToArray(), "1"u8.ToArray()).Command().Delete("b"u8.ToArray()).Build();

        Assert.Equal(2, RequestCount.OfWrites(batch));
        Assert.Equal(1, RequestCount.OfWrites("short"u8));
        Assert.Equal(40, RequestCount.OfQueries(Enumerable.Repeat((byte)255, 40).ToArray()));
    }

    private sealed class ManualTime : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        public void Pass(TimeSpan span) => now += span.Ticks;
    }
}
