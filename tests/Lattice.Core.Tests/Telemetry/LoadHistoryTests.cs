using Lattice.Core.Telemetry;
using Xunit;

namespace Lattice.Core.Tests.Telemetry;

public sealed class LoadHistoryTests
{
    private readonly ManualTime time = new();
    private readonly RequestTally tally = new();
    private readonly LoadHistory history;

    public LoadHistoryTests() => history = new LoadHistory(tally, time);

    [Fact]
    public void A_sample_is_what_came_since_the_one_before()
    {
        tally.Wrote(10, TimeSpan.FromMicroseconds(500));
        Pass();
        tally.Wrote(40, TimeSpan.FromMicroseconds(500));
        tally.Read(6, TimeSpan.FromMicroseconds(90));
        tally.Failed();
        Pass();

        IReadOnlyList<LoadSample> samples = history.Since(0);
        Assert.Equal([5, 20], samples.Select(s => s.WritesPerSecond));
        Assert.Equal([0, 3], samples.Select(s => s.ReadsPerSecond));
        Assert.Equal([0, 0.5], samples.Select(s => s.FailuresPerSecond));
    }

    [Fact]
    public void Rates_are_by_the_time_that_passed_and_not_by_the_time_that_should_have()
    {
        tally.Wrote(60, TimeSpan.FromMilliseconds(1));
        time.Pass(TimeSpan.FromSeconds(6));
        history.Sample();

        Assert.Equal(10, history.Since(0)[0].WritesPerSecond);
    }

    [Fact]
    public void Latencies_are_those_of_the_interval_to_within_an_eighth()
    {
        tally.Wrote(1000, TimeSpan.FromSeconds(1));
        Pass();
        tally.Wrote(98, TimeSpan.FromMicroseconds(2000));
        tally.Wrote(2, TimeSpan.FromMicroseconds(64_000));
        tally.Read(1, TimeSpan.FromMicroseconds(300));
        Pass();

        LoadSample last = history.Since(0)[^1];
        Assert.InRange(last.WriteP50Us, 2000, 2250);
        Assert.InRange(last.WriteP99Us, 64_000, 72_000);
        Assert.InRange(last.ReadP99Us, 300, 338);
    }

    [Fact]
    public void Without_requests_there_is_no_latency()
    {
        Pass();

        Assert.Equal((0, 0, 0), (history.Since(0)[0].WriteP50Us, history.Since(0)[0].WriteP99Us, history.Since(0)[0].ReadP99Us));
    }

    [Fact]
    public void A_quarter_of_an_hour_is_kept_and_no_more()
    {
        for (int i = 0; i < 3 * LoadHistory.Capacity; i++)
        {
            tally.Wrote(i, TimeSpan.FromMilliseconds(1));
            Pass();
        }

        IReadOnlyList<LoadSample> samples = history.Since(0);
        Assert.Equal(LoadHistory.Capacity, samples.Count);
        Assert.Equal(TimeSpan.FromMinutes(15) - LoadHistory.Interval, TimeSpan.FromMilliseconds(samples[^1].At - samples[0].At));
        Assert.Equal(((3 * LoadHistory.Capacity) - 1) / 2.0, samples[^1].WritesPerSecond);
        Assert.Equal(samples.OrderBy(s => s.At), samples);
    }

    [Fact]
    public void Who_has_seen_some_gets_the_rest()
    {
        for (int i = 0; i < 5; i++)
        {
            Pass();
        }

        IReadOnlyList<LoadSample> all = history.Since(0);
        Assert.Equal(all.Skip(3), history.Since(all[2].At));
        Assert.Empty(history.Since(all[4].At));
    }

    [Fact]
    public void Samples_of_nodes_whose_timers_are_a_little_off_have_the_same_moments()
    {
        var late = new ManualTime();
        late.Pass(TimeSpan.FromMilliseconds(700));
        var other = new LoadHistory(tally, late);
        for (int i = 0; i < 3; i++)
        {
            Pass();
            late.Pass(LoadHistory.Interval);
            other.Sample();
        }

        Assert.Equal(history.Since(0).Select(s => s.At), other.Since(0).Select(s => s.At));
    }

    private void Pass()
    {
        time.Pass(LoadHistory.Interval);
        history.Sample();
    }
}
