using Lattice.Core.State;
using Xunit;

namespace Lattice.Core.Tests.State;

public class SlotHashTests
{
    // Clients and replicas of every version must agree on these for ever.
    [Fact]
    public void The_slots_of_known_keys_never_change()
    {
        // XXH3 of these two, from its reference implementation: e6c632b61e964e1f and 78af5f94892f3950.
        Assert.Equal(0x0e1f, SlotHash.SlotOf("a"u8));
        Assert.Equal(0x3950, SlotHash.SlotOf("abc"u8));
    }

    [Theory]
    [InlineData("{tag}rest", "tag")]
    [InlineData("before{tag}rest", "tag")]
    [InlineData("{a}{b}", "a")]
    [InlineData("{{x}}", "{x")]
    public void A_tag_alone_decides_the_slot(string key, string tag) =>
        Assert.Equal(SlotHash.SlotOf(StateFixture.B(tag)), SlotHash.SlotOf(StateFixture.B(key)));

    [Theory]
    [InlineData("{}rest")]
    [InlineData("{rest")]
    [InlineData("re}st{")]
    public void Without_a_tag_the_whole_key_decides(string key) =>
        Assert.Equal((int)(System.IO.Hashing.XxHash3.HashToUInt64(StateFixture.B(key)) % SlotHash.Slots), SlotHash.SlotOf(StateFixture.B(key)));

    [Fact]
    public void Slots_are_spread_evenly()
    {
        int[] hits = new int[16];
        for (int i = 0; i < 16_000; i++)
        {
            hits[SlotHash.SlotOf(BitConverter.GetBytes(i)) * 16 / SlotHash.Slots]++;
        }

        Assert.All(hits, h => Assert.InRange(h, 800, 1200));
    }
}
