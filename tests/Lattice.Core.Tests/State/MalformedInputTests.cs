using CsCheck;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

public class MalformedInputTests
{
    [Fact]
    public void Every_command_of_a_malformed_batch_is_refused_and_none_is_done()
    {
        using var f = new StateFixture();
        byte[] good = new WriteBatchBuilder().Command().Put(B("a"), B("1")).Command().Put(B("b"), B("1")).Build();
        foreach (byte[] bad in new byte[][] { good[..^1], [.. good, 0], [2, .. good[1..]], [], [1], good[..20], [.. good[..39], 99, .. good[40..]] })
        {
            IReadOnlyList<CommandResult> results = f.WriteRaw(bad);
            Assert.NotEmpty(results);
            Assert.All(results, r => Assert.Equal(RefusalCode.Malformed, r.Code));
            Assert.Null(f.Value("a"));
        }

        Assert.Equal(2, f.WriteRaw(good.AsMemory(0, good.Length - 1)).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_batch_without_commands_has_no_results(int client)
    {
        using var f = new StateFixture(new StateLimits { MaxSessions = 1 });
        f.Write(new WriteBatchBuilder(5, 1).Command(1).Put(B("a"), B("1")));
        Assert.Empty(f.Write(new WriteBatchBuilder((UInt128)client, 1)));
        Assert.Equal(1UL, f.Machine.Revision);
    }

    [Fact]
    public void No_bytes_of_a_batch_make_applying_fail()
    {
        using var f = new StateFixture();
        byte[] good = new WriteBatchBuilder(5, 1).Command(1).IfValue(B("a"), B("1")).IfRevision(B("a"), 2).Put(B("a"), B("1"), 9).Command(2).Delete(B("b")).Get(B("b")).Build();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample((position, value, length) =>
        {
            byte[] mutated = [.. good];
            mutated[position] = value;
            IReadOnlyList<CommandResult> results = f.WriteRaw(mutated.AsMemory(0, position < length ? length : mutated.Length));
            return results.Count > 0 || BitConverter.ToUInt32(mutated, 25) == 0;
        }, iter: 3000, threads: 1);
        Gen.Byte.Array[0, 200].Sample(bytes => f.WriteRaw(bytes).All(r => r.Status == CommandStatus.Refused), iter: 2000, threads: 1);
        Gen.Byte.Array[0, 100].Sample(bytes => f.Machine.Query(bytes).Length > 0, iter: 2000, threads: 1);
    }

    [Fact]
    public void An_entry_that_no_leader_wrote_does_nothing_but_take_its_place()
    {
        using var f = new StateFixture();
        foreach (byte[] data in new byte[][] { [], [1], [1, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255] })
        {
            ulong next = f.Machine.Applied.Index + 1;
            Assert.Empty(f.Machine.Apply([new Entry(next, 1, EntryKind.Command, data)])[0].BatchResults);
            Assert.Equal(next, f.Machine.Applied.Index);
        }
    }

    [Fact]
    public void An_entry_of_a_newer_format_stops_the_replica_instead_of_letting_it_differ()
    {
        using var f = new StateFixture();
        var entry = new Entry(1, 1, EntryKind.Command, new byte[] { 2, 0, 0 });
        Assert.Throws<StateFormatException>(() => f.Machine.Apply([entry]));
        Assert.Throws<InvalidOperationException>(() => f.Machine.Apply([f.NextEntry()]));
        Assert.Equal(0UL, f.Machine.Applied.Index);
    }

    [Fact]
    public void Entries_with_a_gap_are_not_applied()
    {
        using var f = new StateFixture();
        Assert.Throws<InvalidOperationException>(() => f.Machine.Apply([f.EntryAt(2)]));
    }

    [Fact]
    public void What_is_encoded_is_decoded()
    {
        ReadOnlyMemory<byte>[] batches = [B("one"), B(""), B("three")];
        EntryPayload payload = EntryPayload.Decode(EntryPayload.Encode(77, batches));
        Assert.Equal(77UL, payload.TimeMs);
        Assert.Equal(["one", "", "three"], payload.Batches.Select(b => S(b)), StringComparer.Ordinal);
        Assert.Throws<WireFormatException>(() => EntryPayload.Decode(B("\u0001")));
    }
}
