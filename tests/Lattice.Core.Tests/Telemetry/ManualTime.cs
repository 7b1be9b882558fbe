namespace Lattice.Core.Tests.Telemetry;

/// <summary>Time that passes when the test says so.</summary>
internal sealed class ManualTime : TimeProvider
{
    private TimeSpan passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Pass(TimeSpan time) => passed += time;

    public override long GetTimestamp() => passed.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(50) + passed;
}
