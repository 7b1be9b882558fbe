using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

public class QueryTests
{
    [Fact]
    public void Pages_follow_each_other_without_gap_or_repetition()
    {
        using var f = new StateFixture();
        var batch = new WriteBatchBuilder();
        for (int i = 0; i < 1500; i++)
        {
            batch.Command().Put(B($"key-{i:D5}"), B($"value-{i}"));
        }

        f.Write(batch);
        var seen = new List<string>();
        byte[] from = [];
        bool more = true;
        int pages = 0;
        while (more)
        {
            QueryAnswer page = QueryResult.Decode(f.Machine.Query(new QueryBatchBuilder().Scan(from, [], limit: 70).Build()), QueryKind.Scan).Answers[0];
            seen.AddRange(page.Page.Select(r => S(r.Key)));
            more = page.More;
            from = [.. page.Page[^1].Key.Span, 0];
            pages++;
        }

        Assert.Equal(22, pages);
        Assert.Equal(Enumerable.Range(0, 1500).Select(i => $"key-{i:D5}"), seen, StringComparer.Ordinal);
    }

    [Fact]
    public void A_page_ends_at_the_asked_or_the_servers_limits_whichever_is_less()
    {
        using var f = new StateFixture(new StateLimits { MaxScanRecords = 5, MaxScanBytes = 40 });
        for (int i = 0; i < 8; i++)
        {
            f.Put($"{i}", "123456789");
        }

        Assert.Equal(4, f.Scan("", "").Page.Count);
        Assert.Equal(5, f.Scan("", "", keysOnly: true).Page.Count);
        Assert.Equal(2, f.Scan("", "", limit: 2).Page.Count);
        Assert.Single(f.Scan("", "", bytes: 1).Page);
        Assert.True(f.Scan("", "", limit: 4).More);
        Assert.False(f.Scan("4", "", limit: 4).More);
        Assert.False(f.Scan("0", "4", limit: 4).More);
    }

    [Fact]
    public void A_range_includes_its_first_and_excludes_its_last_key()
    {
        using var f = new StateFixture();
        f.Put("a", "1");
        f.Put("b", "2");
        f.Put("c", "3");
        Assert.Equal(["a", "b"], f.Scan("a", "c").Page.Select(r => S(r.Key)), StringComparer.Ordinal);
        Assert.Empty(f.Scan("c", "c").Page);
        Assert.Empty(f.Scan("c", "a").Page);
        Assert.Equal(["b", "c"], f.Scan("aa", "").Page.Select(r => S(r.Key)), StringComparer.Ordinal);
        Assert.All(f.Scan("", "", keysOnly: true).Page, r => Assert.True(r.Record.Present && r.Record.Value.IsEmpty));
    }

    [Fact]
    public void A_scan_sees_only_its_own_group()
    {
        using var f = new StateFixture(group: 1);
        f.Put("a", "1");
        var other = new StateMachine(f.Engine, 2, f.Limits, f.Cache);
        other.Apply([f.EntryAt(1, new WriteBatchBuilder().Command().Put(B("a"), B("other")).Command().Put(B("b"), B("other")).Build())]);
        Assert.Equal("1", S(Assert.Single(f.Scan("", "").Page).Record.Value));
        Assert.Equal("1", f.Value("a"));
        Assert.Equal("other", S(other.Get("a")));
    }

    [Fact]
    public void All_answers_of_a_batch_are_of_one_state_whose_index_is_told()
    {
        using var f = new StateFixture();
        f.Put("a", "1");
        QueryResult result = QueryResult.Decode(f.Machine.Query(new QueryBatchBuilder().Get(B("a")).Scan(B("a"), []).Get(B("x")).Build()), QueryKind.Get, QueryKind.Scan, QueryKind.Get);
        Assert.Equal(f.Machine.Applied.Index, result.AppliedIndex);
        Assert.Equal("1", S(result.Answers[0].Record.Value));
        Assert.Single(result.Answers[1].Page);
        Assert.False(result.Answers[2].Record.Present);
    }

    [Fact]
    public void Malformed_and_oversized_queries_are_refused()
    {
        using var f = new StateFixture(new StateLimits { MaxKeyBytes = 4, MaxResultBytes = 1000, MaxScanBytes = 100 });
        byte[] good = new QueryBatchBuilder().Get(B("a")).Build();
        Assert.Equal(RefusalCode.Malformed, Code([]));
        Assert.Equal(RefusalCode.Malformed, Code([.. good, 0]));
        Assert.Equal(RefusalCode.Malformed, Code(good[..^1]));
        Assert.Equal(RefusalCode.Malformed, Code([2, .. good[1..]]));
        Assert.Equal(RefusalCode.Malformed, Code([1, 1, 0, 0, 0, 9, 0, 0]));
        Assert.Equal(RefusalCode.KeyTooLarge, Code(new QueryBatchBuilder().Get(B("12345")).Build()));
        Assert.Equal(RefusalCode.None, Code(new QueryBatchBuilder().Scan(B("1234\0"), []).Build(), QueryKind.Scan));
        Assert.Equal(RefusalCode.KeyTooLarge, Code(new QueryBatchBuilder().Scan(B("123456"), []).Build()));
        f.Put("a", new string('x', 500));
        Assert.Equal(RefusalCode.TransactionTooLarge, Code(new QueryBatchBuilder().Get(B("a")).Get(B("a")).Get(B("a")).Build()));

        RefusalCode Code(byte[] batch, params QueryKind[] kinds) => QueryResult.Decode(f.Machine.Query(batch), kinds).Code;
    }

    [Fact]
    public void The_cache_never_shows_what_is_not_in_the_engine()
    {
        using var f = new StateFixture(cache: 3);
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 10; i++)
            {
                f.Put($"k{i}", $"{round}");
                Assert.Equal($"{round}", f.Value($"k{i}"));
            }

            f.Delete($"k{round % 10}");
            Assert.Null(f.Value($"k{round % 10}"));
            Assert.All(f.Scan("", "").Page, r => Assert.Equal(S(r.Record.Value), f.Value(S(r.Key))));
        }
    }

    [Fact]
    public void What_is_executed_but_not_committed_cannot_be_seen()
    {
        using var f = new StateFixture();
        f.Put("a", "1");
        ExecutedEntries executed = f.Machine.Execute([f.NextEntry(new WriteBatchBuilder().Command().Put(B("a"), B("2")).Command().Delete(B("a")).Build())]);
        Assert.Equal("1", f.Value("a"));
        Assert.Equal(1UL, f.Machine.Applied.Index);
        Assert.Equal(["1->2", "2->"], executed.Effects.Select(e => $"{S(e.Before.Value)}->{S(e.After.Value)}"), StringComparer.Ordinal);
        f.Machine.Commit(executed);
        Assert.Null(f.Value("a"));
        Assert.Equal(2UL, f.Machine.Applied.Index);
    }

    [Fact]
    public void Large_records_and_no_cache_at_all_work_too()
    {
        using var f = new StateFixture(cache: 0);
        string large = new('x', 1 << 20);
        f.Put("a", large);
        Assert.Equal(large, f.Value("a"));
        Assert.Equal(0, f.Cache.Count);
        using var g = new StateFixture();
        g.Put("a", "small");
        Assert.Equal(1, g.Cache.Count);
        g.Put("a", large);
        Assert.Equal(large, g.Value("a"));
        Assert.Equal(0, g.Cache.Count);
    }
}
