using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

public class CommandTests
{
    [Fact]
    public void A_put_is_read_back_with_its_revision()
    {
        using var f = new StateFixture();
        CommandResult first = f.Put("a", "1");
        Assert.Equal(CommandStatus.Done, first.Status);
        Assert.Equal(1UL, first.Revision);
        Assert.False(Assert.Single(first.Records).Present);
        RecordAnswer read = f.Read("a");
        Assert.Equal("1", S(read.Value));
        Assert.Equal(1UL, read.Revision);
        Assert.Equal(0UL, read.ExpiryMs);

        CommandResult second = f.Put("a", "2");
        Assert.Equal(2UL, second.Revision);
        RecordAnswer before = Assert.Single(second.Records);
        Assert.True(before.Present);
        Assert.Equal(1UL, before.Revision);
        Assert.True(before.Value.IsEmpty);
        Assert.Equal("2", f.Value("a"));
    }

    [Fact]
    public void A_delete_answers_what_it_removed_and_a_delete_of_nothing_writes_nothing()
    {
        using var f = new StateFixture();
        f.Put("a", "1");
        CommandResult removed = f.Delete("a");
        Assert.Equal(2UL, removed.Revision);
        Assert.Equal(1UL, removed.Records[0].Revision);
        Assert.Null(f.Value("a"));
        CommandResult nothing = f.Delete("a");
        Assert.Equal(CommandStatus.Done, nothing.Status);
        Assert.Equal(2UL, nothing.Revision);
        Assert.False(nothing.Records[0].Present);
    }

    [Fact]
    public void Only_commands_that_write_move_the_revision()
    {
        using var f = new StateFixture();
        f.Put("a", "1");
        CommandResult read = f.WriteOne(new WriteBatchBuilder().Command().IfExists(B("a")).Get(B("a")));
        Assert.Equal(1UL, read.Revision);
        Assert.Equal("1", S(read.Records[0].Value));
        Assert.Equal(1UL, f.WriteOne(new WriteBatchBuilder().Command().IfAbsent(B("a")).Put(B("a"), B("x"))).Revision);
        Assert.Equal(1UL, f.WriteOne(new WriteBatchBuilder().Command()).Revision);
        Assert.Equal(1UL, f.Machine.Revision);
    }

    [Fact]
    public void Values_of_puts_and_deletes_are_answered_only_when_the_command_reads_the_key()
    {
        using var f = new StateFixture();
        f.Put("{t}a", "old-a");
        f.Put("{t}b", "old-b");
        CommandResult result = f.WriteOne(new WriteBatchBuilder().Command().Put(B("{t}a"), B("new")).Get(B("{t}a")).Delete(B("{t}b")));
        Assert.Equal("old-a", S(result.Records[0].Value));
        Assert.Equal("old-a", S(result.Records[1].Value));
        Assert.True(result.Records[2].Present);
        Assert.True(result.Records[2].Value.IsEmpty);
        Assert.Equal("new", f.Value("{t}a"));
        Assert.Null(f.Value("{t}b"));
    }

    [Theory]
    [InlineData(ConditionKind.RevisionEquals)]
    [InlineData(ConditionKind.Absent)]
    [InlineData(ConditionKind.ValueEquals)]
    [InlineData(ConditionKind.Exists)]
    public void Each_condition_lets_the_command_through_or_stops_it(ConditionKind kind)
    {
        using var f = new StateFixture();
        f.Put("present", "v");
        ulong revision = f.Read("present").Revision;
        WriteBatchBuilder With(bool holds)
        {
            WriteBatchBuilder command = new WriteBatchBuilder().Command();
            _ = kind switch
            {
                ConditionKind.RevisionEquals => command.IfRevision(B("present"), holds ? revision : revision + 1),
                ConditionKind.Absent => command.IfAbsent(B(holds ? "{present}missing" : "present")),
                ConditionKind.ValueEquals => command.IfValue(B("present"), B(holds ? "v" : "w")),
                _ => command.IfExists(B(holds ? "present" : "{present}missing")),
            };
            return command.Put(B("{present}out"), B("done"));
        }

        CommandResult failed = f.WriteOne(With(holds: false));
        Assert.Equal(CommandStatus.ConditionFailed, failed.Status);
        Assert.False(Assert.Single(failed.Conditions).Held);
        if (kind != ConditionKind.Exists)
        {
            Assert.Equal("v", S(failed.Conditions[0].Record.Value));
        }

        Assert.Null(f.Value("{present}out"));
        Assert.Equal(CommandStatus.Done, f.WriteOne(With(holds: true)).Status);
        Assert.Equal("done", f.Value("{present}out"));
    }

    [Fact]
    public void A_revision_condition_on_a_missing_record_fails_even_for_revision_zero()
    {
        using var f = new StateFixture();
        Assert.Equal(CommandStatus.ConditionFailed, f.WriteOne(new WriteBatchBuilder().Command().IfRevision(B("a"), 0).Put(B("a"), B("1"))).Status);
    }

    [Fact]
    public void A_transaction_does_all_or_nothing_and_its_records_share_a_revision()
    {
        using var f = new StateFixture();
        f.Put("{t}a", "1");
        CommandResult stopped = f.WriteOne(new WriteBatchBuilder().Command().IfExists(B("{t}a")).IfExists(B("{t}b")).Put(B("{t}a"), B("2")).Put(B("{t}c"), B("2")));
        Assert.Equal(CommandStatus.ConditionFailed, stopped.Status);
        Assert.True(stopped.Conditions[0].Held);
        Assert.False(stopped.Conditions[1].Held);
        Assert.Equal("1", f.Value("{t}a"));
        Assert.Null(f.Value("{t}c"));

        CommandResult done = f.WriteOne(new WriteBatchBuilder().Command().IfExists(B("{t}a")).Put(B("{t}b"), B("2")).Put(B("{t}c"), B("3")).Delete(B("{t}a")));
        Assert.Equal(2UL, done.Revision);
        Assert.Equal(2UL, f.Read("{t}b").Revision);
        Assert.Equal(2UL, f.Read("{t}c").Revision);
        Assert.Null(f.Value("{t}a"));
    }

    [Fact]
    public void Commands_of_one_entry_see_the_ones_before_them()
    {
        using var f = new StateFixture();
        byte[] first = new WriteBatchBuilder().PutIfAbsent(B("a"), B("1")).PutIfAbsent(B("a"), B("2")).Build();
        byte[] second = new WriteBatchBuilder().Command().IfValue(B("a"), B("1")).Put(B("a"), B("3")).Command().Get(B("a")).Build();
        AppliedEntry applied = f.Machine.Apply([f.NextEntry(first, second)])[0];
        IReadOnlyList<CommandResult> one = WriteResult.Decode(applied.BatchResults[0]);
        IReadOnlyList<CommandResult> two = WriteResult.Decode(applied.BatchResults[1]);
        Assert.Equal([CommandStatus.Done, CommandStatus.ConditionFailed], one.Select(r => r.Status));
        Assert.Equal(CommandStatus.Done, two[0].Status);
        Assert.Equal("3", S(two[1].Records[0].Value));
        Assert.Equal("3", f.Value("a"));
    }

    [Fact]
    public void Several_entries_in_one_call_give_what_they_give_one_by_one()
    {
        using var together = new StateFixture();
        using var alone = new StateFixture();
        ReadOnlyMemory<byte>[] batches = [.. Enumerable.Range(0, 50).Select(i => (ReadOnlyMemory<byte>)new WriteBatchBuilder()
            .Command().Put(B($"k{i % 7}"), B($"v{i}"), (ulong)(i % 3)).Command().Delete(B($"k{i % 5}")).Build())];
        together.Machine.Apply([.. batches.Select((b, i) => { together.Time++; return together.EntryAt((ulong)i + 1, b); })]);
        foreach (ReadOnlyMemory<byte> batch in batches)
        {
            alone.Time++;
            alone.WriteRaw(batch);
        }

        Assert.Equal(alone.Rows(), together.Rows());
    }

    [Fact]
    public void What_breaks_the_limits_is_refused_with_value_limit_and_setting()
    {
        using var f = new StateFixture(new StateLimits { MaxKeyBytes = 8, MaxValueBytes = 10, MaxTransactionOperations = 2 });
        Refused(RefusalCode.KeyTooLarge, "max_key_bytes", new WriteBatchBuilder().Command().Put(B("123456789"), B("")));
        Refused(RefusalCode.KeyTooLarge, "9 bytes; the limit is 8", new WriteBatchBuilder().Command().IfExists(B("123456789")));
        Refused(RefusalCode.ValueTooLarge, "11 bytes; the limit is 10 (max_value_bytes)", new WriteBatchBuilder().Command().Put(B("k"), B("12345678901")));
        Refused(RefusalCode.TransactionTooLarge, "max_transaction_operations", new WriteBatchBuilder().Command().Get(B("a")).Get(B("a")).Get(B("a")));
        Refused(RefusalCode.KeyWrittenTwice, "'{a}b' twice", new WriteBatchBuilder().Command().Put(B("{a}b"), B("1")).Delete(B("{a}b")));
        Refused(RefusalCode.KeysInDifferentSlots, "slot", new WriteBatchBuilder().Command().IfAbsent(B("a")).Put(B("b"), B("1")));
        Refused(RefusalCode.Malformed, "empty", new WriteBatchBuilder().Command().Put([], B("1")));
        Assert.Equal(CommandStatus.Done, f.Put("12345678", "1234567890").Status);
        Assert.Equal(1UL, f.Machine.Revision);

        void Refused(RefusalCode code, string words, WriteBatchBuilder batch)
        {
            CommandResult result = f.WriteOne(batch);
            Assert.Equal(CommandStatus.Refused, result.Status);
            Assert.Equal(code, result.Code);
            Assert.Contains(words, result.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_key_of_a_slot_that_the_group_does_not_hold_is_refused_for_writes_and_reads()
    {
        using var f = new StateFixture(ownsSlot: slot => slot == SlotHash.SlotOf("mine"u8));
        Assert.Equal(CommandStatus.Done, f.Put("mine", "1").Status);
        CommandResult other = f.Put("other", "1");
        Assert.Equal(RefusalCode.WrongGroup, other.Code);
        QueryResult read = QueryResult.Decode(f.Machine.Query(new QueryBatchBuilder().Get(B("mine")).Get(B("other")).Build()), QueryKind.Get, QueryKind.Get);
        Assert.Equal(RefusalCode.WrongGroup, read.Code);
        Assert.Equal(f.Machine.Applied.Index, read.AppliedIndex);
    }

    [Fact]
    public void A_batch_whose_answer_would_be_too_large_stops_reading_and_writes_nothing_more_of_that_command()
    {
        using var f = new StateFixture(new StateLimits { MaxResultBytes = 1000 });
        f.Put("{t}a", new string('x', 600));
        IReadOnlyList<CommandResult> results = f.Write(new WriteBatchBuilder().Command().Get(B("{t}a")).Command().Get(B("{t}a")).Put(B("{t}b"), B("1")).Command().Put(B("{t}c"), B("1")));
        Assert.Equal([CommandStatus.Done, CommandStatus.Refused, CommandStatus.Done], results.Select(r => r.Status));
        Assert.Equal(RefusalCode.TransactionTooLarge, results[1].Code);
        Assert.Null(f.Value("{t}b"));
        Assert.Equal("1", f.Value("{t}c"));
    }

    [Fact]
    public void Keys_and_values_may_hold_any_bytes()
    {
        using var f = new StateFixture();
        byte[] key = [0, 255, 0, (byte)'{', 1];
        byte[] value = [0, 0, 255];
        f.Write(new WriteBatchBuilder().Command().Put(key, value).Command().Put([0], []).Command().Put([255, 255], [1]));
        QueryResult all = QueryResult.Decode(f.Machine.Query(new QueryBatchBuilder().Scan([], []).Build()), QueryKind.Scan);
        Assert.Equal([[0], key, [255, 255]], all.Answers[0].Page.Select(r => r.Key.ToArray()));
        Assert.Equal(value, f.Machine.Get(key));
        Assert.Empty(f.Machine.Get([0])!);
    }
}
