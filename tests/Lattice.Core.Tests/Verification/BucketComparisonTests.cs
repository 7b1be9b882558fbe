using Lattice.Core.State;
using Lattice.Core.Tests.State;
using Lattice.Core.Verification;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.Verification;

/// <summary>A difference between two replicas is narrowed to the records that differ, while the healthy one goes on.</summary>
public sealed class BucketComparisonTests : IDisposable
{
    // All in one bucket, so that the records beside a damaged one are compared too.
    private readonly StateFixture wrong = Filled();
    private readonly StateFixture healthy = Filled();

    public void Dispose()
    {
        wrong.Dispose();
        healthy.Dispose();
    }

    [Fact]
    public void Equal_states_have_no_difference()
    {
        Assert.Empty(Compare(out BucketAnswer answer));
        Assert.Empty(answer.Buckets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_changed_record_is_named_with_both_rows(bool healthyGoesOn)
    {
        byte[] row = wrong.Engine.Get(wrong.Machine.Keys.Record(B("{t}3")))!;
        byte[] right = [.. row];
        row[^1] ^= 1;
        wrong.Machine.Records.Overwrite(B("{t}3"), row);
        GoOn(healthyGoesOn);
        DivergentRecord found = Assert.Single(Compare(out BucketAnswer answer));
        Assert.Equal("{t}3", S(found.Key));
        Assert.Equal(row, found.Own!.Value.ToArray());
        Assert.Equal(right, found.Expected!.Value.ToArray());
        Assert.Contains(DigestTable.BucketOf(B("{t}3")), answer.Buckets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_record_with_another_value_that_vouches_for_itself_is_named(bool healthyGoesOn)
    {
        wrong.Machine.Records.Overwrite(B("{t}3"), new StateRecord(wrong.Group, B("{t}3"), 1, 0, B("other")).RawRow!);
        GoOn(healthyGoesOn);
        Assert.Equal("{t}3", S(Assert.Single(Compare(out _)).Key));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_lost_record_is_named(bool healthyGoesOn)
    {
        Lose("{t}4");
        GoOn(healthyGoesOn);
        DivergentRecord found = Assert.Single(Compare(out _));
        Assert.Equal(("{t}4", true, true), (S(found.Key), found.Own is null, found.Expected is not null));
    }

    [Fact]
    public void A_surplus_record_is_named_when_the_healthy_replica_stands_at_the_same_entry()
    {
        wrong.Machine.Records.Overwrite(B("{t}surplus"), new StateRecord(wrong.Group, B("{t}surplus"), 1, 0, B("1")).RawRow!);
        DivergentRecord found = Assert.Single(Compare(out _));
        Assert.Equal(("{t}surplus", true, true), (S(found.Key), found.Expected is null, found.IsExpectedKnown));
        healthy.Put("{t}later", "1");
        Assert.Empty(Compare(out _));
    }

    [Fact]
    public void What_a_healthy_replica_wrote_changed_and_removed_since_is_no_difference()
    {
        GoOn(true);
        Assert.Empty(Compare(out BucketAnswer answer));
        Assert.NotEmpty(answer.Buckets);
    }

    [Fact]
    public void A_bit_behind_what_is_sent_of_a_long_value_is_found_all_the_same()
    {
        byte[] value = new byte[20_000];
        wrong.WriteOne(new WriteBatchBuilder().Command().Put(B("{t}long"), value));
        healthy.WriteOne(new WriteBatchBuilder().Command().Put(B("{t}long"), value));
        byte[] row = wrong.Engine.Get(wrong.Machine.Keys.Record(B("{t}long")))!;
        row[^1] ^= 1;
        wrong.Machine.Records.Overwrite(B("{t}long"), row);
        DivergentRecord found = Assert.Single(Compare(out _));
        Assert.Equal("{t}long", S(found.Key));
        Assert.InRange(found.Own!.Value.Length, 4096, 5000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_a_bucket_has_more_records_than_are_sent_none_is_named_wrongly(bool isFirstLost)
    {
        foreach (StateFixture f in new[] { wrong, healthy })
        {
            var batch = new WriteBatchBuilder();
            for (int i = 0; i < 4_200; i++)
            {
                batch.Command().Put(B($"{{t}}many-{i:D5}"), B("1"));
            }

            f.Write(batch);
        }

        string lost = isFirstLost ? "{t}0" : "{t}many-00100";
        Lose(lost);
        IReadOnlyList<DivergentRecord> found = Compare(out BucketAnswer answer);
        Assert.False(answer.IsComplete);
        Assert.Equal(lost, S(Assert.Single(found).Key));
    }

    [Fact]
    public void Question_and_answer_come_over_the_wire_as_they_are()
    {
        Lose("{t}4");
        using GroupSnapshot own = wrong.Machine.OpenSnapshot();
        using GroupSnapshot theirs = healthy.Machine.OpenSnapshot();
        BucketQuestion question = EvidenceCodec.DecodeQuestion(EvidenceCodec.Encode(BucketComparison.Ask(own)));
        BucketAnswer answer = EvidenceCodec.DecodeAnswer(EvidenceCodec.Encode(BucketComparison.Answer(theirs, question)));
        Assert.Equal("{t}4", S(Assert.Single(BucketComparison.Compare(own, answer)).Key));
    }

    private static StateFixture Filled()
    {
        var f = new StateFixture();
        var batch = new WriteBatchBuilder();
        for (int i = 0; i < 10; i++)
        {
            batch.Command().Put(B($"{{t}}{i}"), B($"value {i}")).Command().Put(B($"other-{i}"), B($"value {i}"));
        }

        f.Write(batch);
        f.Put("{t}last", "1");
        return f;
    }

    private void GoOn(bool goesOn)
    {
        if (goesOn)
        {
            healthy.Put("{t}1", "changed since");
            healthy.Put("{t}new", "written since");
            healthy.Delete("{t}2");
            healthy.Put("other-1", "changed since");
        }
    }

    private void Lose(string key)
    {
        using StateBatch batch = wrong.Engine.CreateBatch();
        batch.Delete(wrong.Machine.Keys.Record(B(key)));
        wrong.Engine.Write(batch);
    }

    private IReadOnlyList<DivergentRecord> Compare(out BucketAnswer answer)
    {
        using GroupSnapshot own = wrong.Machine.OpenSnapshot();
        using GroupSnapshot theirs = healthy.Machine.OpenSnapshot();
        answer = BucketComparison.Answer(theirs, BucketComparison.Ask(own));
        return BucketComparison.Compare(own, answer);
    }
}
