using Lattice.Silo.Page;

namespace Lattice.Cluster.Tests.Page;

public sealed class WatchedTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private int looks;

    [Fact]
    public async Task One_look_serves_all_who_ask_meanwhile()
    {
        var seen = new TaskCompletionSource<string?>();
        Watched<string> watched = Watch(() => seen.Task, fresh: Long);

        Task<string?>[] viewers = [watched.GetAsync(Long), watched.GetAsync(Long), watched.GetAsync(Long)];
        seen.SetResult("all well");

        Assert.All(await Task.WhenAll(viewers), v => Assert.Equal("all well", v));
        Assert.Equal(1, looks);
    }

    [Fact]
    public async Task What_is_fresh_is_not_looked_at_again_and_what_is_old_is()
    {
        Watched<string> lasting = Watch(() => Task.FromResult<string?>("seen"), fresh: Long);
        await lasting.GetAsync(Long);
        await lasting.GetAsync(Long);
        Assert.Equal(1, looks);

        Watched<string> fleeting = Watch(() => Task.FromResult<string?>("seen"), fresh: TimeSpan.Zero);
        await fleeting.GetAsync(Long);
        await fleeting.GetAsync(Long);
        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task Who_cannot_wait_gets_what_was_seen_last()
    {
        var never = new TaskCompletionSource<string?>();
        Watched<string> watched = Watch(() => looks == 1 ? Task.FromResult<string?>("before") : never.Task, fresh: TimeSpan.Zero);

        Assert.Equal("before", await watched.GetAsync(Long));
        Assert.Equal("before", await watched.GetAsync(TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task What_is_not_known_any_more_is_not_told_as_if_it_were()
    {
        Watched<string> watched = Watch(() => Task.FromResult(looks == 1 ? "before" : null), fresh: TimeSpan.Zero);

        Assert.Equal("before", await watched.GetAsync(Long));
        Assert.Null(await watched.GetAsync(Long));
    }

    [Fact]
    public async Task A_look_that_fails_is_told_and_the_next_one_is_made()
    {
        Watched<string> watched = Watch(() => looks == 1 ? throw new InvalidOperationException("first") : Task.FromResult<string?>("then"), fresh: Long);

        await Assert.ThrowsAsync<InvalidOperationException>(() => watched.GetAsync(Long));
        Assert.Equal("then", await watched.GetAsync(Long));
    }

    private Watched<string> Watch(Func<Task<string?>> look, TimeSpan fresh) => new(
        () =>
        {
            looks++;
            return look();
        },
        fresh,
        TimeProvider.System);
}
