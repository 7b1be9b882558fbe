using System.Text;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

public sealed class RecordComparisonTests
{
    [Fact]
    public void A_flipped_bit_of_a_value_is_found_where_it_is()
    {
        byte[] right = Reports.Row("100 coins");
        byte[] own = [.. right];
        own[StateRecord.HeaderSize + 4] ^= 0x20;
        ReportedDifference difference = Compare(own, right);
        Assert.Equal("account/7", difference.Key);
        Assert.Equal([RecordField.Value], difference.Fields);
        Assert.Equal((1, 0, 1), (difference.DifferentBits, difference.DifferentChecksumBits, difference.DifferentBytes));
        Assert.Equal([4], difference.Offsets);
        Assert.False(difference.ChecksumHolds);
        Assert.Equal("100 Coins", Encoding.UTF8.GetString(Convert.FromBase64String(difference.Own!.Value!)));
        Assert.Equal(9, difference.Own.ValueLength);
        Assert.Equal(difference.Own.Checksum, difference.Expected!.Checksum);
    }

    [Fact]
    public void Records_that_were_written_differently_differ_in_their_hashes_too()
    {
        ReportedDifference difference = Compare(Reports.Row("100 coins", revision: 8), Reports.Row("90 coins", revision: 9, expiry: 1));
        Assert.Equal([RecordField.Checksum, RecordField.Revision, RecordField.Expiry, RecordField.Value], difference.Fields);
        Assert.True(difference.ChecksumHolds);
        Assert.InRange(difference.DifferentChecksumBits, 2, 128);
        Assert.Equal((8UL, 9UL, 1UL), (difference.Own!.Revision, difference.Expected!.Revision, difference.Expected.ExpiryMs));
    }

    [Fact]
    public void A_record_that_is_missing_or_should_be_differs_in_its_presence()
    {
        Assert.Equal([RecordField.Presence], Compare(null, Reports.Row("x")).Fields);
        Assert.Equal([RecordField.Presence], Compare(Reports.Row("x"), null).Fields);
        Assert.Null(Compare(null, Reports.Row("x")).ChecksumHolds);
    }

    [Fact]
    public void Nothing_differs_from_what_is_not_known()
    {
        ReportedDifference difference = RecordComparison.Compare(Reports.Group, new DivergentRecord(Reports.Key, Reports.Row("x"), null, IsExpectedKnown: false), redact: false);
        Assert.Empty(difference.Fields);
        Assert.NotNull(difference.Own);
        Assert.False(difference.IsExpectedKnown);
    }

    [Fact]
    public void A_redacted_value_leaves_its_hash_its_length_and_what_differs()
    {
        byte[] right = Reports.Row("secret!");
        ReportedDifference difference = RecordComparison.Compare(Reports.Group, new DivergentRecord(Reports.Key, Reports.Flipped(right), right, IsExpectedKnown: true), redact: true);
        Assert.Null(difference.Own!.Value);
        Assert.NotEqual(difference.Own.ValueHash, difference.Expected!.ValueHash);
        Assert.Equal(7, difference.Own.ValueLength);
        Assert.Equal([6], difference.Offsets);
        Assert.DoesNotContain(Convert.ToBase64String("secret!"u8), DivergenceReportJson.Write(difference), StringComparison.Ordinal);
    }

    [Fact]
    public void Long_values_are_cut_and_compared_as_far_as_both_are_known()
    {
        byte[] own = Reports.Row(new string('a', 10_000));
        byte[] right = own[..(StateRecord.HeaderSize + RecordComparison.MostValueBytes)];
        own[StateRecord.HeaderSize + 4000] ^= 1;
        ReportedDifference difference = Compare(own, right);
        Assert.Equal((1, 1), (difference.DifferentBits, difference.DifferentBytes));
        Assert.Equal([4000], difference.Offsets);
        Assert.Equal(10_000, difference.Own!.ValueLength);
        Assert.Null(difference.Expected!.ValueLength);
        Assert.Equal(RecordComparison.MostValueBytes, Convert.FromBase64String(difference.Own.Value!).Length);
    }

    [Fact]
    public void A_value_that_lost_its_end_differs_in_all_bytes_that_are_gone()
    {
        ReportedDifference difference = Compare(Reports.Row("100"), Reports.Row("100 coins"));
        Assert.Equal((6, 48), (difference.DifferentBytes, difference.DifferentBits));
        Assert.Equal([3, 4, 5, 6, 7, 8], difference.Offsets);
    }

    [Fact]
    public void A_row_that_is_shorter_than_any_record_is_shown_all_the_same()
    {
        ReportedDifference difference = Compare([1, 2, 3], Reports.Row("x"));
        Assert.Equal(0, difference.Own!.ValueLength);
        Assert.False(difference.ChecksumHolds);
    }

    [Theory]
    [InlineData("account/7", "account/7")]
    [InlineData("0x12", "0x30783132")]
    [InlineData("tab\there", "0x7461620968657265")]
    [InlineData("é", "0xc3a9")]
    public void Keys_are_written_as_text_when_that_cannot_be_misread(string key, string written) =>
        Assert.Equal(written, ReportedKey.Of(Encoding.UTF8.GetBytes(key)));

    private static ReportedDifference Compare(byte[]? own, byte[]? expected) =>
        RecordComparison.Compare(Reports.Group, new DivergentRecord(Reports.Key, own, expected, IsExpectedKnown: true), redact: false);
}
