using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

/// <summary>Whatever single thing is wrong in what a state machine executed, the reference model does not agree with it.</summary>
public sealed class ExecutionVerifierTests : IDisposable
{
    private const uint Group = 3;

    private static readonly UInt128 Client = 77;

    private readonly MemoryEngine engine = new();
    private readonly RecordCache cache = new(100);
    private readonly StateMachine machine;
    private readonly ExecutionVerifier verifier;

    public ExecutionVerifierTests()
    {
        machine = new StateMachine(engine, Group, new StateLimits(), cache);
        verifier = new ExecutionVerifier(machine);
        machine.Bootstrap(new Configuration { ClusterId = 1, Voters = [1, 2, 3] }, new LogPosition(1, 1));
        Apply(
            Commands(2, 1_000, new WriteBatchBuilder(Client, 1).Command(1).Put("{k}a"u8, "old"u8).Command(2).Put("{k}gone"u8, "x"u8, 50)),
            Commands(3, 1_010, new WriteBatchBuilder().Command().Put("{k}b"u8, "old"u8).Command().Put("{k}c"u8, "same"u8)));
    }

    /// <summary>Faults in what was executed, by name.</summary>
    private static readonly Dictionary<string, Func<ExecutedEntries, ExecutedEntries>> Faults = new(StringComparer.Ordinal)
    {
        ["an effect is missing"] = e => WithEffects(e, [.. e.Effects.SkipLast(1)]) with { EffectEnds = [.. e.EffectEnds.Select(end => Math.Min(end, e.Effects.Count - 1))] },
        ["an effect is done twice"] = e => WithEffects(e, [.. e.Effects, e.Effects[^1]]) with { EffectEnds = [.. e.EffectEnds.SkipLast(1), e.Effects.Count + 1] },
        ["two effects have changed places"] = e => WithEffects(e, [e.Effects[1], e.Effects[0], .. e.Effects.Skip(2)]),
        ["an effect belongs to the entry before"] = e => e with { EffectEnds = [e.EffectEnds[0] + 1, .. e.EffectEnds.Skip(1)] },
        ["an effect is on another key"] = e => With(e, 1, effect => effect with { Key = Encoding.ASCII.GetBytes("{k}z") }),
        ["a bit of a value has flipped"] = e => With(e, 1, effect => effect with { After = Flipped(effect.After, StateRecord.HeaderSize) }),
        ["a bit of a revision has flipped"] = e => With(e, 1, effect => effect with { After = Flipped(effect.After, StateRecord.HashSize) }),
        ["a bit of an expiry has flipped"] = e => With(e, 1, effect => effect with { After = Flipped(effect.After, StateRecord.HashSize + 8) }),
        ["a bit of a record's hash has flipped"] = e => With(e, 1, effect => effect with { After = Flipped(effect.After, 0) }),
        ["another value is written, and vouched for"] = e => With(e, 1, effect => effect with { After = Record(effect, value: "other"u8) }),
        ["another revision is written, and vouched for"] = e => With(e, 1, effect => effect with { After = Record(effect, revisionBy: 1) }),
        ["another expiry is written, and vouched for"] = e => With(e, 1, effect => effect with { After = Record(effect, expiry: 5_000) }),
        ["a record is removed in place of being written"] = e => With(e, 1, effect => effect with { After = default }),
        ["a record is written in place of being removed"] = e => With(e, 2, effect => effect with { After = effect.Before }),
        ["the record before is another one"] = e => With(e, 1, effect => effect with { Before = Record(effect, value: "old!"u8) }),
        ["there was no record before"] = e => With(e, 1, effect => effect with { Before = default }),
        ["the digest of an entry is off by one"] = e => With(e, 1, entry => entry with { Digest = entry.Digest + 1 }),
        ["the digest of an entry is that of the one before"] = e => With(e, 1, entry => entry with { Digest = e.Entries[0].Digest }),
        ["a byte of a result is another one"] = e => WithResult(e, 0, r => [.. r[..^1], (byte)(r[^1] + 1)]),
        ["a result breaks off"] = e => WithResult(e, 0, r => r[..^1]),
        ["a result has a byte too many"] = e => WithResult(e, 0, r => [.. r, 0]),
        ["a result names another revision"] = e => WithResult(e, 0, r => [.. r[..6], (byte)(r[6] + 1), .. r[7..]]),
        ["a result says that fewer commands were done"] = e => WithResult(e, 0, r => [r[0], (byte)(r[1] - 1), .. r[2..]]),
        ["a result has another version"] = e => WithResult(e, 0, r => [2, .. r[1..]]),
        ["a refusal has another code"] = e => WithResult(e, 1, r => [.. r[..14], (byte)(r[14] + 1), .. r[15..]]),
        ["a refusal names another revision"] = e => WithResult(e, 1, r => [.. r[..6], (byte)(r[6] + 1), .. r[7..]]),
        ["the results of two batches have changed places"] = e => With(e, 0, entry => entry with { BatchResults = [entry.BatchResults[1], entry.BatchResults[0]] }),
        ["the result of a batch is missing"] = e => With(e, 0, entry => entry with { BatchResults = [entry.BatchResults[0]] }),
        ["a batch has two results"] = e => With(e, 0, entry => entry with { BatchResults = [.. entry.BatchResults, entry.BatchResults[1]] }),
        ["the revision that is to be stored is another one"] = e => e with { Revision = e.Revision + 1 },
        ["the clock that is to be stored is another one"] = e => e with { ClockMs = e.ClockMs + 1 },
        ["the position that is to be stored is another one"] = e => e with { Position = e.Position with { Index = e.Position.Index + 1 } },
        ["the term that is to be stored is another one"] = e => e with { Position = e.Position with { Term = e.Position.Term + 1 } },
        ["the members that are to be stored are others"] = e => e with { Configuration = e.Configuration! with { Voters = [1, 2, 3, 4] } },
        ["the members are not to be stored"] = e => e with { Configuration = null },
    };

    /// <summary>Differences between the entries that were executed and those that were committed: by field, what the state machine may have misread.</summary>
    private static readonly Dictionary<string, Func<ulong, Entry>> OtherEntries = new(StringComparer.Ordinal)
    {
        ["another value"] = i => Commands(i, 1_020, Writes(value: "New")),
        ["another key"] = i => Commands(i, 1_020, Writes(key: "{k}A")),
        ["another time to live"] = i => Commands(i, 1_020, Writes(life: 101)),
        ["no time to live"] = i => Commands(i, 1_020, Writes(life: 0)),
        ["another time"] = i => Commands(i, 1_021, Writes()),
        ["another client"] = i => Commands(i, 1_020, Writes(client: 78)),
        ["no client"] = i => Commands(i, 1_020, Writes(client: 0)),
        ["another sequence"] = i => Commands(i, 1_020, Writes(sequence: 4)),
        ["a sequence that was used before"] = i => Commands(i, 1_020, Writes(sequence: 1)),
        ["another lowest sequence"] = i => Commands(i, 1_020, Writes(lowest: 2)),
        ["a condition that does not hold"] = i => Commands(i, 1_020, Writes(condition: "New")),
        ["no such batch"] = i => Commands(i, 1_020),
        ["the batch twice"] = i => Commands(i, 1_020, Writes(), Writes()),
        ["a damaged batch"] = i => new Entry(i, 1, EntryKind.Command, EntryPayload.Encode(1_020, [Writes().Build().AsMemory(1)])),
        ["nothing"] = i => new Entry(i, 1, EntryKind.Noop, default),
        ["other members"] = i => new Entry(i, 1, EntryKind.Configuration, ConfigurationCodec.Encode(new Configuration { ClusterId = 1, Voters = [1] })),
    };

    public static TheoryData<string> FaultNames => [.. Faults.Keys];

    public static TheoryData<string> OtherEntryNames => [.. OtherEntries.Keys];

    public void Dispose() => engine.Dispose();

    [Fact]
    public void What_was_executed_rightly_is_agreed_to()
    {
        List<Entry> entries = Entries();
        ExecutedEntries executed = machine.Execute(entries);
        verifier.Check(entries, executed);
        machine.Commit(executed);
        verifier.Committed();
        Assert.Equal(6UL, machine.Applied.Index);
    }

    [Theory]
    [MemberData(nameof(FaultNames))]
    public void A_fault_in_what_was_executed_is_noticed_before_it_is_committed(string fault)
    {
        List<Entry> entries = Entries();
        ExecutedEntries wrong = Faults[fault](machine.Execute(entries));
        Divergence found = Assert.Throws<StateDivergenceException>(() => verifier.Check(entries, wrong)).Divergence;
        Assert.Equal((DivergenceKind.Effects, DivergencePhase.Apply, Group), (found.Kind, found.Phase, found.Group));
        Assert.InRange(found.Entry.Index, 4UL, 6UL);
        Assert.True(found.Checks.ExecutionRepeatedAgrees, "Executing once more, without the fault, gives what the model says.");
    }

    [Theory]
    [MemberData(nameof(OtherEntryNames))]
    public void An_entry_that_is_not_executed_as_it_was_committed_is_noticed(string other)
    {
        Entry committed = Commands(4, 1_020, Writes());
        ExecutedEntries wrong = machine.Execute([OtherEntries[other](4)]);
        Assert.Throws<StateDivergenceException>(() => verifier.Check([committed], wrong));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(DigestTable.SessionBucket)]
    [InlineData(DigestTable.ConfigurationBucket)]
    public void A_digest_that_went_wrong_in_memory_is_noticed(int bucket)
    {
        machine.Digests.Replace(bucket, default, 1);
        List<Entry> entries = Entries();
        ExecutedEntries wrong = machine.Execute(entries);
        Assert.Throws<StateDivergenceException>(() => verifier.Check(entries, wrong));
    }

    [Fact]
    public void A_cached_record_that_is_another_sound_one_than_the_stored_one_is_noticed_and_named()
    {
        byte[] key = "{k}a"u8.ToArray();
        byte[] other = new StateRecord(Group, key, 1, 0, "bad"u8).RawRow!;
        Assert.True(machine.Records.Read(key).Exists);
        cache.Set(((ulong)Group << 32) | 1, key, other);
        List<Entry> entries = Entries();
        ExecutedEntries wrong = machine.Execute(entries);
        Divergence found = Assert.Throws<StateDivergenceException>(() => verifier.Check(entries, wrong)).Divergence;
        Assert.Equal(DivergenceKind.CacheDifference, found.Kind);
        Assert.False(found.Checks.CacheAgreesWithStore);
        Assert.True(found.Checks.ExecutionRepeatedAgrees);
        Assert.Equal([DigestTable.BucketOf(key)], found.Buckets.Select(b => b.Bucket));
    }

    [Fact]
    public void A_stored_record_that_is_an_older_one_than_was_written_is_noticed_though_the_cached_copy_is_right()
    {
        byte[] key = "{k}a"u8.ToArray();
        engine.Tamper(machine.Keys.Record(key), new StateRecord(Group, key, 1, 0, "lost"u8).RawRow);
        List<Entry> entries = Entries();
        ExecutedEntries executed = machine.Execute(entries);
        Divergence found = Assert.Throws<StateDivergenceException>(() => verifier.Check(entries, executed)).Divergence;
        Assert.False(found.Checks.CacheAgreesWithStore);
        Assert.Contains(found.Records, r => r.Key.Span.SequenceEqual(key));
    }

    [Fact]
    public void A_record_that_is_only_cached_is_named_as_one_that_must_not_be_there()
    {
        byte[] key = "{k}a"u8.ToArray();
        engine.Tamper(machine.Keys.Record(key), null);
        List<Entry> entries = Entries();
        ExecutedEntries executed = machine.Execute(entries);
        Divergence found = Assert.Throws<StateDivergenceException>(() => verifier.Check(entries, executed)).Divergence;
        DivergentRecord named = Assert.Single(found.Records, r => r.Key.Span.SequenceEqual(key));
        Assert.Equal((true, false, true), (named.Own is not null, named.Expected is not null, named.IsExpectedKnown));
    }

    [Fact]
    public void A_cached_record_that_only_a_condition_reads_is_noticed_and_named()
    {
        byte[] key = "{k}c"u8.ToArray();
        cache.Set(((ulong)Group << 32) | 1, key, new StateRecord(Group, key, 2, 0, "other"u8).RawRow!);
        List<Entry> entries = [Commands(4, 1_020, new WriteBatchBuilder().Command().IfValue(key, "same"u8).Put("{k}d"u8, "1"u8))];
        ExecutedEntries wrong = machine.Execute(entries);
        Divergence found = Assert.Throws<StateDivergenceException>(() => verifier.Check(entries, wrong)).Divergence;
        Assert.Equal(DivergenceKind.CacheDifference, found.Kind);
        Assert.Contains(found.Records, r => r.Key.Span.SequenceEqual(key));
    }

    [Fact]
    public void A_cached_record_whose_bit_flipped_is_noticed_when_it_is_read()
    {
        Assert.True(machine.Records.Read("{k}a"u8).Exists);
        Assert.NotNull(machine.Records.FlipCachedBit(new Random(4)));
        List<Entry> entries = [Commands(4, 1_020, new WriteBatchBuilder().Command().Get("{k}a"u8).Get("{k}b"u8).Get("{k}c"u8).Get("{k}gone"u8))];
        Divergence found = Assert.Throws<StateDivergenceException>(() => machine.Execute(entries)).Divergence;
        Assert.Equal(DivergenceKind.CacheChecksum, found.Kind);
    }

    [Fact]
    public void A_stored_session_that_is_not_the_one_that_was_written_is_noticed_by_a_model_that_begins_with_it()
    {
        (byte[] key, byte[] value) = engine.Rows.Single(r => r.Key.Length >= StateKeys.PrefixSize && r.Key[8] == (byte)RowKind.Session);
        foreach (int position in Enumerable.Range(0, value.Length))
        {
            byte[] wrong = [.. value];
            wrong[position] ^= 0x80;
            engine.Tamper(key, wrong);
            var begun = new ExecutionVerifier(machine);
            List<Entry> entries = [Commands(4, 1_020, new WriteBatchBuilder().Command().Get("{k}c"u8))];
            ExecutedEntries executed = machine.Execute(entries);
            Divergence found = Assert.Throws<StateDivergenceException>(() => begun.Check(entries, executed)).Divergence;
            Assert.Equal([DigestTable.SessionBucket], found.Buckets.Select(b => b.Bucket));
        }
    }

    private void Apply(params Entry[] entries)
    {
        ExecutedEntries executed = machine.Execute(entries);
        verifier.Check(entries, executed);
        machine.Commit(executed);
        verifier.Committed();
    }

    // Effects: puts a, puts b, removes gone (which has expired), puts e.
    private static List<Entry> Entries() =>
    [
        Commands(4, 1_020, Writes(), new WriteBatchBuilder().Command().Put([], "1"u8)),
        Commands(5, 1_080, new WriteBatchBuilder().Command().Put("{k}e"u8, "5"u8)),
        new Entry(6, 1, EntryKind.Configuration, ConfigurationCodec.Encode(new Configuration { ClusterId = 1, Voters = [1, 2, 3], Learners = [4] })),
    ];

    private static WriteBatchBuilder Writes(string key = "{k}a", string value = "new", ulong life = 100, ulong client = 77, ulong sequence = 3, ulong lowest = 1, string condition = "old")
    {
        WriteBatchBuilder batch = new WriteBatchBuilder(client, lowest).Command(sequence).IfValue("{k}b"u8, Encoding.ASCII.GetBytes(condition));
        return batch.Put(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value), life).Put("{k}b"u8, "2"u8).Get("{k}b"u8);
    }

    private static Entry Commands(ulong index, ulong timeMs, params WriteBatchBuilder[] batches) =>
        new(index, 1, EntryKind.Command, EntryPayload.Encode(timeMs, [.. batches.Select(b => (ReadOnlyMemory<byte>)b.Build())]));

    private static ExecutedEntries WithEffects(ExecutedEntries executed, IReadOnlyList<Effect> effects) => executed with { Effects = effects };

    private static ExecutedEntries With(ExecutedEntries executed, int effect, Func<Effect, Effect> change) =>
        WithEffects(executed, [.. executed.Effects.Select((e, i) => i == effect ? change(e) : e)]);

    private static ExecutedEntries With(ExecutedEntries executed, int entry, Func<AppliedEntry, AppliedEntry> change) =>
        executed with { Entries = [.. executed.Entries.Select((e, i) => i == entry ? change(e) : e)] };

    private static ExecutedEntries WithResult(ExecutedEntries executed, int batch, Func<byte[], byte[]> change) =>
        With(executed, 0, entry => entry with { BatchResults = [.. entry.BatchResults.Select((r, i) => i == batch ? change(r.ToArray()) : r)] });

    private static StateRecord Flipped(StateRecord record, int position)
    {
        byte[] row = [.. record.RawRow!];
        row[position] ^= 0x04;
        return new StateRecord(row);
    }

    private static StateRecord Record(Effect effect, ulong revisionBy = 0, ulong? expiry = null, ReadOnlySpan<byte> value = default) =>
        new(Group, effect.Key.Span, effect.After.Revision + revisionBy, expiry ?? effect.After.ExpiryMs, value.IsEmpty ? effect.After.ValueSpan : value);
}
