using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

public class SessionTests
{
    private static readonly UInt128 Alice = new(1, 2);
    private static readonly UInt128 Bob = new(3, 4);

    [Fact]
    public void A_repeated_command_is_answered_with_its_first_result_and_done_once()
    {
        using var f = new StateFixture();
        byte[] batch = Increment(Alice, lowest: 1, sequence: 1, from: null);
        ReadOnlyMemory<byte> first = f.Machine.Apply([f.NextEntry(batch)])[0].BatchResults[0];
        f.Put("x", "moves the revision");
        ReadOnlyMemory<byte> again = f.Machine.Apply([f.NextEntry(batch)])[0].BatchResults[0];
        Assert.Equal(first.ToArray(), again.ToArray());
        Assert.Equal("1", f.Value("counter"));
        Assert.Equal(2UL, f.Machine.Revision);
    }

    [Fact]
    public void A_failed_condition_is_remembered_too()
    {
        using var f = new StateFixture();
        f.Put("a", "1");
        byte[] batch = new WriteBatchBuilder(Alice, 1).PutIfAbsent(B("a"), B("2"), 1).Build();
        Assert.Equal(CommandStatus.ConditionFailed, f.WriteRaw(batch)[0].Status);
        f.Delete("a");
        CommandResult again = f.WriteRaw(batch)[0];
        Assert.Equal(CommandStatus.ConditionFailed, again.Status);
        Assert.Equal("1", S(again.Conditions[0].Record.Value));
        Assert.Null(f.Value("a"));
    }

    [Fact]
    public void A_refusal_is_not_remembered()
    {
        bool owns = false;
        using var f = new StateFixture(ownsSlot: _ => owns);
        byte[] batch = new WriteBatchBuilder(Alice, 1).Command(1).Put(B("a"), B("1")).Build();
        Assert.Equal(RefusalCode.WrongGroup, f.WriteRaw(batch)[0].Code);
        owns = true;
        Assert.Equal(CommandStatus.Done, f.WriteRaw(batch)[0].Status);
    }

    [Fact]
    public void The_same_sequence_twice_in_one_batch_or_one_entry_is_done_once()
    {
        using var f = new StateFixture();
        IReadOnlyList<CommandResult> results = f.Write(new WriteBatchBuilder(Alice, 1).PutIfAbsent(B("a"), B("1"), 1).PutIfAbsent(B("a"), B("1"), 1));
        Assert.Equal([CommandStatus.Done, CommandStatus.Done], results.Select(r => r.Status));
        byte[] batch = new WriteBatchBuilder(Alice, 1).PutIfAbsent(B("b"), B("1"), 2).Build();
        AppliedEntry applied = f.Machine.Apply([f.NextEntry(batch, batch)])[0];
        Assert.Equal(applied.BatchResults[0].ToArray(), applied.BatchResults[1].ToArray());
        Assert.Equal(CommandStatus.Done, WriteResult.Decode(applied.BatchResults[1])[0].Status);
    }

    [Fact]
    public void Retries_are_recognised_after_a_restart_and_partly_old_batches_do_only_what_is_new()
    {
        using var f = new StateFixture();
        ReadOnlyMemory<byte> first = f.Machine.Apply([f.NextEntry(Increment(Alice, 1, 1, null))])[0].BatchResults[0];
        f.Flush();
        f.Reopen();
        IReadOnlyList<CommandResult> results = f.Write(new WriteBatchBuilder(Alice, 1)
            .Command(1).IfAbsent(B("counter")).Put(B("counter"), B("1"))
            .Command(2).IfValue(B("counter"), B("1")).Put(B("counter"), B("2")));
        Assert.Equal([CommandStatus.Done, CommandStatus.Done], results.Select(r => r.Status));
        Assert.Equal(WriteResult.Decode(first)[0].Revision, results[0].Revision);
        Assert.Equal("2", f.Value("counter"));
    }

    [Fact]
    public void What_a_session_does_not_wait_for_is_forgotten_and_refused()
    {
        using var f = new StateFixture();
        f.Write(new WriteBatchBuilder(Alice, 1).Command(1).Put(B("a"), B("1")).Command(2).Put(B("b"), B("1")));
        IReadOnlyList<CommandResult> results = f.Write(new WriteBatchBuilder(Alice, 2).Command(1).Put(B("a"), B("x")).Command(2).Put(B("b"), B("x")).Command(3).Put(B("c"), B("1")));
        Assert.Equal(RefusalCode.SequenceForgotten, results[0].Code);
        Assert.Equal(CommandStatus.Done, results[1].Status);
        Assert.Equal("1", f.Value("a"));
        Assert.Equal("1", f.Value("b"));

        // A late batch with an older word on what may be forgotten does not bring anything back.
        Assert.Equal(RefusalCode.SequenceForgotten, f.Write(new WriteBatchBuilder(Alice, 1).Command(1).Put(B("a"), B("x")))[0].Code);
        f.Flush();
        f.Reopen();
        Assert.Equal(RefusalCode.SequenceForgotten, f.Write(new WriteBatchBuilder(Alice, 0).Command(1).Put(B("a"), B("x")))[0].Code);
        Assert.Equal(CommandStatus.Done, f.Write(new WriteBatchBuilder(Alice, 0).Command(3).Put(B("c"), B("x")))[0].Status);
        Assert.Equal("1", f.Value("c"));
    }

    [Fact]
    public void Acknowledged_results_leave_nothing_behind_but_one_row()
    {
        using var f = new StateFixture();
        for (ulong i = 1; i <= 50; i++)
        {
            f.Write(new WriteBatchBuilder(Alice, i).Command(i).Put(B("a"), B($"{i}")));
        }

        Assert.Single(f.Rows(), row => row.Key.StartsWith("03", StringComparison.Ordinal));
    }

    [Fact]
    public void A_session_with_too_many_results_is_refused_until_it_acknowledges_some()
    {
        using var f = new StateFixture(new StateLimits { MaxOutstandingPerSession = 2 });
        IReadOnlyList<CommandResult> results = f.Write(new WriteBatchBuilder(Alice, 1).Command(1).Put(B("a"), B("1")).Command(2).Put(B("b"), B("1")).Command(3).Put(B("c"), B("1")));
        Assert.Equal(RefusalCode.TooManyOutstanding, results[2].Code);
        Assert.Contains("max_outstanding_per_session", results[2].Message, StringComparison.Ordinal);
        Assert.Null(f.Value("c"));
        Assert.Equal(CommandStatus.Done, f.Write(new WriteBatchBuilder(Alice, 3).Command(3).Put(B("c"), B("1")))[0].Status);
    }

    [Fact]
    public void A_session_whose_results_are_too_large_is_refused_until_it_acknowledges_some()
    {
        using var f = new StateFixture(new StateLimits { MaxSessionResultBytes = 1000 });
        f.Put("a", new string('x', 900));
        Assert.Equal(CommandStatus.Done, f.Write(new WriteBatchBuilder(Alice, 1).Command(1).Get(B("a")))[0].Status);
        Assert.Equal(CommandStatus.Done, f.Write(new WriteBatchBuilder(Alice, 1).Command(2).Get(B("a")))[0].Status);
        Assert.Equal(RefusalCode.TooManyOutstanding, f.Write(new WriteBatchBuilder(Alice, 1).Command(3).Get(B("a")))[0].Code);
        Assert.Equal(CommandStatus.Done, f.Write(new WriteBatchBuilder(Alice, 3).Command(3).Get(B("a")))[0].Status);
    }

    [Fact]
    public void More_sessions_than_the_limit_are_refused_until_idle_ones_are_forgotten()
    {
        using var f = new StateFixture(new StateLimits { MaxSessions = 1, SessionTimeout = TimeSpan.FromSeconds(10) });
        f.Write(new WriteBatchBuilder(Alice, 1).Command(1).Put(B("a"), B("1")));
        CommandResult refused = f.Write(new WriteBatchBuilder(Bob, 1).Command(1).Put(B("b"), B("1")))[0];
        Assert.Equal(RefusalCode.TooManySessions, refused.Code);
        Assert.Contains("max_sessions", refused.Message, StringComparison.Ordinal);
        f.Time += 10_000;
        Assert.Equal(CommandStatus.Done, f.Write(new WriteBatchBuilder(Bob, 1).Command(1).Put(B("b"), B("1")))[0].Status);
        Assert.Equal(1, f.Machine.SessionCount);
    }

    [Fact]
    public void The_session_that_was_silent_for_longest_is_forgotten_first_also_after_a_restart()
    {
        var limits = new StateLimits { SessionTimeout = TimeSpan.FromSeconds(10), MaxSessionExpiriesPerEntry = 1 };
        using var f = new StateFixture(limits);
        f.Write(new WriteBatchBuilder(Alice, 1).Command(1).Put(B("a"), B("1")));
        f.Write(new WriteBatchBuilder(Bob, 1).Command(1).Put(B("b"), B("1")));
        f.Write(new WriteBatchBuilder(Alice, 1).Command(1).Put(B("a"), B("2")));
        f.Flush();
        f.Reopen();
        f.MoveClock(f.Time + 10_000);
        Assert.Equal(1, f.Machine.SessionCount);
        Assert.Contains(f.Rows(), row => row.Key.StartsWith("03" + Convert.ToHexString(Bytes(Alice)), StringComparison.Ordinal));
        f.MoveClock(f.Time);
        Assert.Equal(0, f.Machine.SessionCount);
        Assert.DoesNotContain(f.Rows(), row => row.Key.StartsWith("03", StringComparison.Ordinal));
    }

    [Fact]
    public void Commands_without_a_sequence_are_done_each_time()
    {
        using var f = new StateFixture();
        byte[] batch = new WriteBatchBuilder(Alice, 1).Command().Put(B("a"), B("1")).Build();
        f.WriteRaw(batch);
        f.WriteRaw(batch);
        Assert.Equal(2UL, f.Machine.Revision);
    }

    private static byte[] Bytes(UInt128 id)
    {
        byte[] bytes = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, id);
        return bytes;
    }

    private static byte[] Increment(UInt128 client, ulong lowest, ulong sequence, string? from)
    {
        WriteBatchBuilder batch = new WriteBatchBuilder(client, lowest).Command(sequence);
        _ = from is null ? batch.IfAbsent(B("counter")).Put(B("counter"), B("1")) : batch.IfValue(B("counter"), B(from));
        return batch.Build();
    }
}
