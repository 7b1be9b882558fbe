using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Tests.Disk;
using Lattice.Core.Upgrade;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Upgrade;

public sealed class FeatureLevelTests
{
    private static readonly NodeCoreOptions Options = new() { DataDirectory = "/data", Node = 3, Peers = [1, 2, 3] };

    private readonly SetClock clock = new();

    [Fact]
    public void A_cluster_that_has_just_been_founded_works_at_the_highest_level_that_all_know() =>
        Assert.Equal(new ClusterLevel { Level = 4 }, Keeper().Due(ClusterLevel.Unset, reach: 4));

    [Fact]
    public void The_level_is_raised_when_all_have_known_a_higher_one_for_long_enough()
    {
        ClusterLevel now = Keeper().Due(new ClusterLevel { Level = 1 }, reach: 2);
        Assert.Equal((1, 2, clock.Now.ToUnixTimeMilliseconds()), (now.Level, now.Next, now.NextSinceMs));
        clock.Now += TimeSpan.FromHours(23);
        Assert.Equal(now, Keeper().Due(now, reach: 2));
        clock.Now += TimeSpan.FromHours(1);
        Assert.Equal(new ClusterLevel { Level = 2 }, Keeper().Due(now, reach: 2));
    }

    [Fact]
    public void Without_a_time_only_an_operator_raises_it()
    {
        LevelKeeper keeper = new(Options with { FinalizeAfter = TimeSpan.Zero }, clock);
        ClusterLevel now = keeper.Due(new ClusterLevel { Level = 1 }, reach: 2);
        clock.Now += TimeSpan.FromDays(1000);
        Assert.Equal(now, keeper.Due(now, reach: 2));
    }

    [Fact]
    public void The_time_begins_anew_when_a_node_went_back_to_the_older_version()
    {
        ClusterLevel now = Keeper().Due(new ClusterLevel { Level = 1 }, reach: 2);
        clock.Now += TimeSpan.FromHours(20);
        now = Keeper().Due(now, reach: 1);
        Assert.Equal(new ClusterLevel { Level = 1 }, now);
        now = Keeper().Due(now, reach: 2);
        clock.Now += TimeSpan.FromHours(20);
        Assert.Equal(now, Keeper().Due(now, reach: 2));
    }

    [Fact]
    public void It_is_never_lowered() => Assert.Equal(new ClusterLevel { Level = 3 }, Keeper().Due(new ClusterLevel { Level = 3 }, reach: 2));

    [Fact]
    public void A_binary_that_does_not_know_the_level_refuses_before_it_touches_anything()
    {
        var disk = new FaultyDisk();
        disk.CreateDirectory("/data");
        new NodeIdentity { Node = 3, Incarnation = 77, ClusterId = 99, Level = FeatureLevels.Newest + 1 }.Save(disk, "/data");
        var devices = new NodeDevices(disk, new Lazy<IStateEngine>(() => throw new InvalidOperationException("The state was opened.")), clock, new Random(1), null!, null!, new LamportClock(clock));

        FeatureLevelException refused = Assert.Throws<FeatureLevelException>(() => NodeOrigin.Determine(Options, devices));

        Assert.Equal(FeatureLevels.Newest + 1, refused.Level);
        Assert.Contains("Start the node with the version that the other nodes run", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_binary_that_is_two_versions_ahead_refuses_too() =>
        Assert.Contains("A version was left out", Assert.Throws<FeatureLevelException>(() => FeatureLevelException.ThrowUnlessIn(1, level: 1, new LevelRange(2, 3))).Message, StringComparison.Ordinal);

    [Fact]
    public void An_entry_of_an_unknown_level_is_not_applied_as_something_else()
    {
        byte[] payload = EntryPayload.Encode(1, [], FeatureLevels.Newest + 1);
        Assert.False(EntryPayload.TryReadTime(payload, out _));
        Assert.Contains("feature level", Assert.Throws<StateFormatException>(() => EntryPayload.Decode(payload)).Message, StringComparison.Ordinal);
    }

    private LevelKeeper Keeper() => new(Options, clock);

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(60);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
