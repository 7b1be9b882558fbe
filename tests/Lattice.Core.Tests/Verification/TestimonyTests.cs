using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Tests.State;
using Lattice.Core.Verification;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.Verification;

/// <summary>What the nodes say of themselves when one of them was found to be wrong, and what a report makes of it.</summary>
public sealed class TestimonyTests
{
    private const uint Group = 3;

    private static readonly Divergence Found = new()
    {
        Kind = DivergenceKind.PeerDigest,
        Phase = DivergencePhase.Exchange,
        Group = Group,
        Entry = new LogPosition(7, 2),
        Message = "It differs.",
        Verdict = DivergenceVerdict.Minority,
        Digests = [new ReplicaDigest(2, 7, 20), new ReplicaDigest(1, 7, 10)],
        Records = [new DivergentRecord("k"u8.ToArray(), null, null, IsExpectedKnown: false)],
    };

    [Fact]
    public void Every_node_that_answered_is_in_the_report_with_its_digest_at_the_same_entry()
    {
        TestimonyQuestion question = TestimonyComparison.Ask(Found, applied: 6);
        Divergence joined = TestimonyComparison.Join(Found, question, Says(2, digest: 99), [Says(3, digest: 10), Says(1, digest: 77)]);

        Assert.Equal(7UL, question.DigestAt);
        Assert.Equal([1, 2, 3], joined.Nodes.Select(n => n.Node));

        // What was said while it was being decided stands.
        Assert.Equal([(1, (UInt128)10), (2, (UInt128)20), (3, (UInt128)10)], joined.Digests.Select(d => (d.Node, d.Digest)));
        DivergenceReport report = Report(joined);
        Assert.Equal([true, false, true], report.Digests.Select(d => d.AgreesWithMajority!.Value));
        Assert.Equal(DivergenceVerdict.Minority, report.Verdict);
    }

    [Fact]
    public void Where_no_entry_is_in_question_the_digests_after_the_last_applied_one_are_compared()
    {
        Divergence scrubbed = Found with { Kind = DivergenceKind.RecordChecksum, Digests = [], Entry = default };
        Assert.Equal(6UL, TestimonyComparison.Ask(scrubbed, applied: 6).DigestAt);
        Assert.Equal(7UL, TestimonyComparison.Ask(scrubbed with { OwnDigest = 5, Entry = new LogPosition(7, 2) }, applied: 6).DigestAt);
    }

    [Theory]
    [InlineData(5, 5, 5, true)]
    [InlineData(5, 5, 6, false)]
    [InlineData(0, 5, 5, null)]
    [InlineData(5, 0, 0, null)]
    public void Whether_the_logs_have_the_same_entry_is_said_when_it_is_known(ulong own, ulong one, ulong other, bool? same)
    {
        Divergence joined = TestimonyComparison.Join(Found, TestimonyComparison.Ask(Found, 6), Says(2, entry: own), [Says(1, entry: one), Says(3, entry: other)]);
        Assert.Equal(same, joined.Checks.SameEntryBytesOnPeers);
    }

    [Fact]
    public void Others_that_have_the_same_fault_are_counted_and_nobody_is_where_nobody_answered()
    {
        TestimonyQuestion question = TestimonyComparison.Ask(Found, 6);
        Assert.Equal(1, TestimonyComparison.Join(Found, question, Says(2, isAffected: true), [Says(1, isAffected: true), Says(3)]).Checks.OtherReplicasAffected);
        Assert.Null(TestimonyComparison.Join(Found, question, Says(2, isAffected: true), []).Checks.OtherReplicasAffected);
    }

    [Fact]
    public void Those_who_have_not_come_to_the_entry_yet_may_be_asked_again()
    {
        TestimonyQuestion question = TestimonyComparison.Ask(Found, 6);
        Assert.True(TestimonyComparison.IsIncomplete(question, [Says(1, digest: 10), Says(3)]));
        Assert.False(TestimonyComparison.IsIncomplete(question, [Says(1, digest: 10)]));
    }

    [Fact]
    public void Question_and_answer_come_over_the_wire_as_they_are()
    {
        TestimonyQuestion question = EvidenceCodec.DecodeTestimonyQuestion(EvidenceCodec.Encode(TestimonyComparison.Ask(Found, 6)));
        Assert.Equal((Group, DivergenceKind.PeerDigest, 7UL, 7UL), (question.Group, question.Kind, question.DigestAt, question.Entry));
        Assert.Equal("k"u8.ToArray(), Assert.Single(question.Keys).ToArray());
        Testimony said = EvidenceCodec.DecodeTestimony(EvidenceCodec.Encode(Says(3, digest: UInt128.MaxValue, entry: 8, isAffected: true)));
        Assert.Equal((3, UInt128.MaxValue, (UInt128)8, true), (said.Node.Node, said.Digest!.Value, said.EntryHash!.Value, said.IsAffected));
        Assert.Equal(FormatVersions.All, said.Node.Formats);
    }

    [Fact]
    public void What_belongs_to_the_node_is_put_down_to_no_group()
    {
        DivergenceReport report = Report(Found with { Kind = DivergenceKind.SnapshotFile, Group = null, Verdict = DivergenceVerdict.SelfEvident, File = "/a/latest.snap", Digests = [], Records = [] });
        Assert.Null(report.Group);
        Assert.DoesNotContain("group", report.Id, StringComparison.Ordinal);
        Assert.DoesNotContain("Group", DivergenceReportText.Format(report with { Analysis = new ReportedAnalysis { Rules = RuleBasedAnalyzer.Analyze(report) } }), StringComparison.Ordinal);
    }

    [Fact]
    public void The_buckets_of_a_report_have_the_digest_of_the_rows_and_the_one_that_it_has_to_be()
    {
        using var wrong = new StateFixture();
        using var healthy = new StateFixture();
        foreach (StateFixture fixture in new[] { wrong, healthy })
        {
            fixture.Put("a", "1");
            fixture.Put("b", "2");
        }

        byte[] row = wrong.Engine.Get(wrong.Machine.Keys.Record(B("a")))!;
        row[^1] ^= 1;
        wrong.Machine.Records.Overwrite(B("a"), row);
        using GroupSnapshot own = wrong.Machine.OpenSnapshot();
        using GroupSnapshot theirs = healthy.Machine.OpenSnapshot();
        BucketQuestion question = DivergenceNarrowing.Ask(own);
        var found = new Divergence { Kind = DivergenceKind.RecordChecksum, Phase = DivergencePhase.Scrub, Group = own.Group, Message = "It is damaged.", Records = [new DivergentRecord(B("a"), row, null, IsExpectedKnown: false)] };
        int bucket = DigestTable.BucketOf(B("a"));
        UInt128 right = theirs.ReadDigests().Sums[bucket];

        DivergentBucket narrowed = Assert.Single(DivergenceNarrowing.Narrow(found, own, question, BucketComparison.Answer(theirs, question)).Buckets);
        Assert.Equal((bucket, right, true), (narrowed.Bucket, narrowed.Expected!.Value, narrowed.Own is { } sum && sum != right));

        // The other one has gone on: what is stored here still says what the rows have to be.
        healthy.Put("a", "3");
        using GroupSnapshot later = healthy.Machine.OpenSnapshot();
        Assert.Equal(right, Assert.Single(DivergenceNarrowing.Narrow(found, own, question, BucketComparison.Answer(later, question)).Buckets).Expected!.Value);
    }

    private static DivergenceReport Report(Divergence divergence) => DivergenceReportBuilder.Build(
        new ReportOrigin("1.0", "", "lattice", 2, 1, DateTimeOffset.UnixEpoch, RedactValues: false),
        new ReplicaStanding(RaftRole.Follower, 2, 6),
        divergence);

    private static Testimony Says(int node, UInt128? digest = null, ulong entry = 0, bool isAffected = false) => new(
        new ReportedNode { Node = node, Version = "1.0", Build = "", Formats = FormatVersions.All, UptimeSeconds = 1 },
        digest,
        entry == 0 ? null : entry,
        isAffected);
}
