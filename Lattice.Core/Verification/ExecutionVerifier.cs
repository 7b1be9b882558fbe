using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>
/// Checks what the state machine executed against the reference model before it is committed: the same effects on the same records, the same results,
/// the same digest after each entry. Used by the group's loop.
/// </summary>
internal sealed class ExecutionVerifier(StateMachine state)
{
    private ReferenceModel? model;
    private UInt128 digest;
    private Configuration? members;
    private ulong verified;

    /// <summary>Begins anew with what is stored: the state was replaced.</summary>
    public void Reset() => model = null;

    /// <summary>Checks executed entries; what was checked before, and could not be written, is passed over.</summary>
    /// <exception cref="StateDivergenceException">State machine and reference model do not agree: nothing of it may be committed.</exception>
    public void Check(IReadOnlyList<Entry> entries, ExecutedEntries executed)
    {
        if (verified == executed.Position.Index && model is not null)
        {
            return;
        }

        // Begun only here, when what is stored is what was there before these entries.
        model ??= new ReferenceModel(state);
        digest = state.Digest - RowHash.OfCounters(state.Group, state.Applied, state.Revision, state.ClockMs);
        members = null;
        int firstEffect = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            ModelEntry expected = model.Execute(entries[i]);
            digest += expected.DigestDifference;
            members = expected.Members ?? members;
            int end = executed.EffectEnds[i];
            var own = new ExecutedEntry(entries[i], executed, i, firstEffect, end);
            if (!AreSame(own, expected))
            {
                throw Differs(entries, own, expected);
            }

            firstEffect = end;
        }

        verified = executed.Position.Index;
    }

    /// <summary>What was checked is in the state.</summary>
    public void Committed() => model?.Committed();

    private readonly record struct ExecutedEntry(Entry Entry, ExecutedEntries All, int Ordinal, int FirstEffect, int EffectEnd)
    {
        public AppliedEntry Applied => All.Entries[Ordinal];

        public int EffectCount => EffectEnd - FirstEffect;

        public LogPosition Position => new(Entry.Index, Entry.Term);

        public bool IsLast => Ordinal == All.Entries.Count - 1;

        public Effect Effect(int i) => All.Effects[FirstEffect + i];
    }

    private bool AreSame(ExecutedEntry own, ModelEntry expected)
    {
        if (own.EffectCount != expected.Effects.Count
            || own.Applied.Digest != ExpectedDigest(own, expected)
            || new LogPosition(own.Applied.Index, own.Applied.Term) != own.Position
            || (own.IsLast && !IsStoredRightly(own, expected)))
        {
            return false;
        }

        for (int i = 0; i < expected.Effects.Count; i++)
        {
            ModelEffect effect = expected.Effects[i];
            if (!own.Effect(i).Key.Span.SequenceEqual(effect.Key) || !IsSame(own.Effect(i).Before, effect.Before) || !IsSame(own.Effect(i).After, effect.After))
            {
                return false;
            }
        }

        return AreSame(own.Applied.BatchResults, expected.Results);
    }

    /// <summary>Whether what the last entry leaves beside the records is what will be stored.</summary>
    private bool IsStoredRightly(ExecutedEntry own, ModelEntry expected) =>
        own.All.Position == own.Position
        && own.All.Revision == expected.Revision
        && own.All.ClockMs == expected.ClockMs
        && (own.All.Configuration is { } stored
            ? members is not null && ConfigurationCodec.Encode(stored).AsSpan().SequenceEqual(ConfigurationCodec.Encode(members))
            : members is null);

    private UInt128 ExpectedDigest(ExecutedEntry own, ModelEntry expected) => digest + RowHash.OfCounters(state.Group, own.Position, expected.Revision, expected.ClockMs);

    private static bool IsSame(StateRecord own, ModelRecord? expected) => expected is null
        ? !own.Exists
        : own.Hash == expected.Hash && own.Revision == expected.Revision && own.ExpiryMs == expected.ExpiryMs && own.ValueSpan.SequenceEqual(expected.Value.Span);

    private static bool AreSame(IReadOnlyList<ReadOnlyMemory<byte>> own, IReadOnlyList<IReadOnlyList<ModelResult>> expected)
    {
        if (own.Count != expected.Count)
        {
            return false;
        }

        for (int i = 0; i < own.Count; i++)
        {
            if (!IsSame(own[i].Span, expected[i]))
            {
                return false;
            }
        }

        return true;
    }

    // version u8, count u32, results
    private static bool IsSame(ReadOnlySpan<byte> own, IReadOnlyList<ModelResult> expected)
    {
        if (own.Length < 5 || own[0] != WriteResult.Version || BitConverter.ToUInt32(own[1..]) != expected.Count)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = own[5..];
        for (int i = 0; i < expected.Count; i++)
        {
            if (!expected[i].Takes(ref rest))
            {
                return false;
            }
        }

        return rest.IsEmpty;
    }

    private StateDivergenceException Differs(IReadOnlyList<Entry> entries, ExecutedEntry own, ModelEntry expected)
    {
        List<DivergentRecord> cached = IncoherentRecords(own, expected);
        List<DivergentRecord> records = [.. cached, .. DifferentRecords(own, expected).Where(r => !cached.Exists(c => c.Key.Span.SequenceEqual(r.Key.Span)))];
        ExecutedEntries again = state.ExecuteAside(entries);
        int first = own.Ordinal == 0 ? 0 : again.EffectEnds[own.Ordinal - 1];
        bool agreesNow = AreSame(new ExecutedEntry(own.Entry, again, own.Ordinal, first, again.EffectEnds[own.Ordinal]), expected);
        return new StateDivergenceException(new Divergence
        {
            Kind = cached.Count == 0 ? DivergenceKind.Effects : DivergenceKind.CacheDifference,
            Phase = DivergencePhase.Apply,
            Group = state.Group,
            Entry = own.Position,
            Message = cached.Count == 0
                ? $"State machine and reference model do not agree on what entry {own.Entry.Index} of group {state.Group} does."
                : $"A cached record of group {state.Group} that entry {own.Entry.Index} reads is not the stored one.",
            Buckets = [.. records.Select(r => DigestTable.BucketOf(r.Key.Span)).Distinct().Select(bucket => new DivergentBucket(bucket))],
            OwnDigest = own.Applied.Digest,
            Records = records,
            Command = records.Count > 0 ? CommandLookup.Find(own.Entry, records[0].Key.Span) : null,
            Effects = [.. records.Select(r => Effect(own, expected, r.Key))],
            Checks = new DivergenceChecks { ExecutionRepeatedAgrees = agreesNow, CacheAgreesWithStore = cached.Count == 0, ModelAgreed = false },
        });
    }

    private static List<DivergentRecord> DifferentRecords(ExecutedEntry own, ModelEntry expected)
    {
        var records = new List<DivergentRecord>();
        for (int i = 0; i < Math.Max(own.EffectCount, expected.Effects.Count); i++)
        {
            Effect? done = i < own.EffectCount ? own.Effect(i) : null;
            ModelEffect? due = i < expected.Effects.Count ? expected.Effects[i] : null;
            bool isSameKey = done is null || due is null || done.Value.Key.Span.SequenceEqual(due.Value.Key);
            if (isSameKey && IsSame(done?.After ?? default, due?.After) && IsSame(done?.Before ?? default, due?.Before))
            {
                continue;
            }

            if (!isSameKey)
            {
                records.Add(new DivergentRecord(done!.Value.Key, RowOf(done.Value.After), null, IsExpectedKnown: false));
            }

            ReadOnlyMemory<byte> key = due?.Key ?? done!.Value.Key;
            records.Add(new DivergentRecord(key, isSameKey ? RowOf(done?.After ?? default) : null, RowOf(due?.After), due is not null));
        }

        return records;
    }

    private static ReportedEffect Effect(ExecutedEntry own, ModelEntry expected, ReadOnlyMemory<byte> key)
    {
        ReportedChange? machine = null;
        ReportedChange? plain = null;
        for (int i = 0; i < own.EffectCount; i++)
        {
            Effect effect = own.Effect(i);
            if (effect.Key.Span.SequenceEqual(key.Span))
            {
                machine = new ReportedChange(DivergenceReportBuilder.Record(RowOf(effect.Before)), DivergenceReportBuilder.Record(RowOf(effect.After)));
            }
        }

        foreach (ModelEffect effect in expected.Effects)
        {
            if (key.Span.SequenceEqual(effect.Key))
            {
                plain = new ReportedChange(DivergenceReportBuilder.Record(RowOf(effect.Before)), DivergenceReportBuilder.Record(RowOf(effect.After)));
            }
        }

        return new ReportedEffect(ReportedKey.Of(key.Span), machine, plain);
    }

    private static ReadOnlyMemory<byte>? RowOf(StateRecord record) => record.Exists ? record.Row : null;

    private static ReadOnlyMemory<byte>? RowOf(ModelRecord? record)
    {
        if (record is null)
        {
            return null;
        }

        var writer = new WireWriter(StateRecord.HeaderSize + record.Value.Length);
        writer.U64((ulong)record.Hash);
        writer.U64((ulong)(record.Hash >> 64));
        writer.U64(record.Revision);
        writer.U64(record.ExpiryMs);
        writer.Raw(record.Value.Span);
        return writer.ToArray();
    }

    /// <summary>Records that the entry reads or writes and whose cached copy is not the stored one.</summary>
    private List<DivergentRecord> IncoherentRecords(ExecutedEntry own, ModelEntry expected)
    {
        HashSet<byte[]> keys = new(ByteKeyComparer.Instance);
        for (int i = 0; i < own.EffectCount; i++)
        {
            keys.Add(own.Effect(i).Key.ToArray());
        }

        keys.UnionWith(expected.Effects.Select(e => e.Key));
        keys.UnionWith(CommandKeys.Of(own.Entry));
        var records = new List<DivergentRecord>();
        foreach (byte[] key in keys)
        {
            if (state.Records.FindIncoherent(key) is { } found)
            {
                records.Add(new DivergentRecord(key, found.Cached, found.Stored, IsExpectedKnown: true));
            }
        }

        return records;
    }
}
