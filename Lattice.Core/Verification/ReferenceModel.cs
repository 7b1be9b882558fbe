using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>A record as the reference model has it.</summary>
/// <param name="Revision">Its revision.</param>
/// <param name="ExpiryMs">When it expires; 0: never.</param>
/// <param name="Value">Its value.</param>
/// <param name="Hash">Hash of its row.</param>
internal sealed record ModelRecord(ulong Revision, ulong ExpiryMs, ReadOnlyMemory<byte> Value, UInt128 Hash);

/// <summary>What the reference model says is done to a record.</summary>
internal readonly record struct ModelEffect(byte[] Key, ModelRecord? Before, ModelRecord? After);

/// <summary>What the reference model says about an entry.</summary>
/// <param name="Effects">What is done to records, in order.</param>
/// <param name="Results">For each write batch the results of its commands; null: the entry carries none.</param>
/// <param name="Revision">Revision after it.</param>
/// <param name="ClockMs">Clock after it.</param>
/// <param name="DigestDifference">How the sum of all rows' hashes changes.</param>
/// <param name="Members">The configuration, if it sets one.</param>
internal sealed record ModelEntry(
    IReadOnlyList<ModelEffect> Effects,
    IReadOnlyList<IReadOnlyList<ModelResult>> Results,
    ulong Revision,
    ulong ClockMs,
    UInt128 DigestDifference,
    Configuration? Members);

/// <summary>
/// Says what entries do, in the plainest way: the semantics of <c>docs/wire-format.md</c> a second time, with no code of <see cref="StateMachine"/> but the decoded form
/// of commands. Reads stored records, never the cache, each once: what it read and what it changed stands above what is stored until <see cref="Committed"/>.
/// </summary>
internal sealed class ReferenceModel
{
    private readonly uint group;
    private readonly StateLimits limits;
    private readonly Func<int, bool>? ownsSlot;
    private readonly RecordStore store;
    private readonly ModelSessions sessions;
    private readonly ParsedCommand command = new();
    private readonly ModelAnswer answer = new();

    // Records as the entries since the last commit found or left them.
    private readonly Dictionary<byte[], ModelRecord?> known = new(ByteKeyComparer.Instance);
    private readonly Dictionary<byte[], ModelRecord?>.AlternateLookup<ReadOnlySpan<byte>> knownBySpan;
    private List<ModelEffect> effects = [];
    private ulong revision;
    private ulong clockMs;
    private ulong earliestExpiryMs;
    private UInt128 configurationHash;
    private UInt128 difference;
    private long answeredBytes;

    /// <summary>Begins with what is stored.</summary>
    public ReferenceModel(StateMachine state)
    {
        group = state.Group;
        limits = state.Limits;
        ownsSlot = state.OwnsSlot;
        store = state.Records;
        (revision, clockMs) = (state.Revision, state.ClockMs);
        configurationHash = DigestTable.HashOf(group, state.Configuration);
        knownBySpan = known.GetAlternateLookup<ReadOnlySpan<byte>>();
        sessions = new ModelSessions(group, limits);
        sessions.Load(store);
    }

    /// <summary>What an entry does.</summary>
    public ModelEntry Execute(Entry entry)
    {
        effects = [];
        difference = default;
        List<IReadOnlyList<ModelResult>> results = [];
        Configuration? members = null;
        if (entry.Kind == EntryKind.Configuration)
        {
            members = ConfigurationCodec.Decode(entry.Data.Span);
            UInt128 hash = DigestTable.HashOf(group, members);
            difference += hash - configurationHash;
            configurationHash = hash;
        }
        else if (entry.Kind == EntryKind.Command && EntryPayload.TryDecode(entry.Data, out EntryPayload? payload))
        {
            clockMs = Math.Max(clockMs, payload.TimeMs);
            RemoveExpiredRecords();
            difference += sessions.RemoveExpired(clockMs);
            for (int i = 0; i < payload.Batches.Count; i++)
            {
                results.Add(ExecuteBatch(payload.Batches[i], entry.Index, i));
            }
        }

        return new ModelEntry(effects, results, revision, clockMs, difference, members);
    }

    /// <summary>The entries are in the state.</summary>
    public void Committed() => known.Clear();

    private List<ModelResult> ExecuteBatch(ReadOnlyMemory<byte> batch, ulong index, int number)
    {
        List<ModelResult> results = [];
        answeredBytes = 0;
        if (!WriteBatchReader.TryOpen(batch.Span, command, out WriteBatchReader reader, out int count))
        {
            for (int i = 0; i < count; i++)
            {
                results.Add(ModelResult.Refused(revision, RefusalCode.Malformed));
            }

            return results;
        }

        ModelSession? session = reader.Client == UInt128.Zero ? null : sessions.Begin(reader.Client, reader.Lowest);
        if (session is null && reader.Client != UInt128.Zero)
        {
            for (int i = 0; i < count; i++)
            {
                results.Add(ModelResult.Refused(revision, RefusalCode.TooManySessions));
            }

            return results;
        }

        for (int i = 0; i < count; i++)
        {
            reader.TryRead(command);
            results.Add(session is null || command.Sequence == 0 ? ExecuteCommand(batch) : ExecuteOnce(session, command.Sequence, batch));
        }

        if (session is not null)
        {
            difference += sessions.End(session, clockMs, index, number);
        }

        return results;
    }

    private ModelResult ExecuteOnce(ModelSession session, ulong sequence, ReadOnlyMemory<byte> batch)
    {
        if (sequence < session.Lowest)
        {
            return ModelResult.Refused(revision, RefusalCode.SequenceForgotten);
        }

        if (session.Find(sequence) is { } first)
        {
            return first;
        }

        if (session.Count >= limits.MaxOutstandingPerSession || session.Bytes + session.RowLength >= limits.MaxSessionResultBytes)
        {
            return ModelResult.Refused(revision, RefusalCode.TooManyOutstanding);
        }

        ModelResult result = ExecuteCommand(batch);
        if (result.Code == RefusalCode.None)
        {
            session.Remember(sequence, result);
        }

        return result;
    }

    private ModelResult ExecuteCommand(ReadOnlyMemory<byte> batch)
    {
        RefusalCode refusal = WhyRefused(batch.Span);
        if (refusal != RefusalCode.None)
        {
            return ModelResult.Refused(revision, refusal);
        }

        answer.Begin();
        bool allHold = true;
        long size = 0;
        foreach (ParsedCondition condition in command.Conditions)
        {
            ModelRecord? record = IfVisible(Find(batch.Span[condition.Key]));
            bool holds = condition.Kind switch
            {
                ConditionKind.Absent => record is null,
                ConditionKind.Exists => record is not null,
                ConditionKind.RevisionEquals => record?.Revision == condition.Revision,
                ConditionKind.ValueEquals => record is not null && record.Value.Span.SequenceEqual(batch.Span[condition.Value]),
                _ => throw new InvalidOperationException($"A condition of the unknown kind {condition.Kind} was decoded."),
            };
            allHold &= holds;
            size += record?.Value.Length ?? 0;
            answer.Condition(holds, record);
        }

        if (allHold)
        {
            return Perform(batch);
        }

        return Answers(size)
            ? ModelResult.Answered(CommandStatus.ConditionFailed, revision, command.ConditionCount, answer)
            : ModelResult.Refused(revision, RefusalCode.TransactionTooLarge);
    }

    private ModelResult Perform(ReadOnlyMemory<byte> batch)
    {
        int count = command.OperationCount;
        var visible = new ModelRecord?[count];
        HashSet<byte[]>? read = null;
        long size = 0;
        bool changes = false;
        for (int i = 0; i < count; i++)
        {
            ParsedOperation operation = command.Operations[i];
            visible[i] = IfVisible(Find(batch.Span[operation.Key]));
            size += visible[i]?.Value.Length ?? 0;
            changes |= operation.Kind == OperationKind.Put || (operation.Kind == OperationKind.Delete && visible[i] is not null);
            if (operation.Kind == OperationKind.Get)
            {
                read ??= new(ByteKeyComparer.Instance);
                read.Add(batch[operation.Key].ToArray());
            }
        }

        if (read is not null && !Answers(size))
        {
            return ModelResult.Refused(revision, RefusalCode.TransactionTooLarge);
        }

        revision += changes ? 1UL : 0UL;
        answer.Begin();
        for (int i = 0; i < count; i++)
        {
            ParsedOperation operation = command.Operations[i];
            byte[] key = batch[operation.Key].ToArray();
            answer.Record(visible[i], read?.Contains(key) == true);
            if (operation.Kind == OperationKind.Put)
            {
                ulong expiry = operation.TimeToLiveMs == 0 ? 0 : (ulong)UInt128.Min((UInt128)clockMs + operation.TimeToLiveMs, ulong.MaxValue);
                Change(key, NewRecord(key, revision, expiry, batch.Span[operation.Value]));
                earliestExpiryMs = expiry == 0 ? earliestExpiryMs : Math.Min(earliestExpiryMs, expiry);
            }
            else if (operation.Kind == OperationKind.Delete && visible[i] is not null)
            {
                Change(key, null);
            }
        }

        return ModelResult.Answered(CommandStatus.Done, revision, count, answer);
    }

    private RefusalCode WhyRefused(ReadOnlySpan<byte> batch)
    {
        if (Math.Max(command.OperationCount, command.ConditionCount) > limits.MaxTransactionOperations)
        {
            return RefusalCode.TransactionTooLarge;
        }

        int? slot = null;
        foreach (ParsedCondition condition in command.Conditions)
        {
            if (WhyRefused(batch[condition.Key], ref slot) is not RefusalCode.None and RefusalCode refusal)
            {
                return refusal;
            }
        }

        HashSet<byte[]>? written = command.OperationCount > 1 ? new(ByteKeyComparer.Instance) : null;
        bool isWrittenTwice = false;
        foreach (ParsedOperation operation in command.Operations)
        {
            if (WhyRefused(batch[operation.Key], ref slot) is not RefusalCode.None and RefusalCode refusal)
            {
                return refusal;
            }

            if (batch[operation.Value].Length > limits.MaxValueBytes)
            {
                return RefusalCode.ValueTooLarge;
            }

            isWrittenTwice |= operation.Kind != OperationKind.Get && written?.Add(batch[operation.Key].ToArray()) == false;
        }

        return isWrittenTwice ? RefusalCode.KeyWrittenTwice : RefusalCode.None;
    }

    private RefusalCode WhyRefused(ReadOnlySpan<byte> key, ref int? slot)
    {
        if (key.Length == 0)
        {
            return RefusalCode.Malformed;
        }

        if (key.Length > limits.MaxKeyBytes)
        {
            return RefusalCode.KeyTooLarge;
        }

        int own = SlotHash.SlotOf(key);
        if (slot is { } others && others != own)
        {
            return RefusalCode.KeysInDifferentSlots;
        }

        slot = own;
        return ownsSlot?.Invoke(own) == false ? RefusalCode.WrongGroup : RefusalCode.None;
    }

    private bool Answers(long size)
    {
        bool fits = answeredBytes + size <= limits.MaxResultBytes;
        answeredBytes += fits ? size : 0;
        return fits;
    }

    private ModelRecord? Find(ReadOnlySpan<byte> key)
    {
        if (!knownBySpan.TryGetValue(key, out ModelRecord? record))
        {
            record = store.ReadStored(key) is { } row ? FromRow(row) : null;
            knownBySpan[key] = record;
        }

        return record;
    }

    private ModelRecord? IfVisible(ModelRecord? record) => record is not null && record.ExpiryMs != 0 && record.ExpiryMs <= clockMs ? null : record;

    private void Change(byte[] key, ModelRecord? after)
    {
        ModelRecord? before = Find(key);
        known[key] = after;
        effects.Add(new ModelEffect(key, before, after));
        difference += (after?.Hash ?? 0) - (before?.Hash ?? 0);
    }

    private ModelRecord NewRecord(byte[] key, ulong writtenAt, ulong expiryMs, ReadOnlySpan<byte> value)
    {
        byte[] content = new byte[8 + 8 + value.Length];
        BitConverter.TryWriteBytes(content.AsSpan(0, 8), writtenAt);
        BitConverter.TryWriteBytes(content.AsSpan(8, 8), expiryMs);
        value.CopyTo(content.AsSpan(16));
        return new ModelRecord(writtenAt, expiryMs, content.AsMemory(16), RowHash.Of(group, RowKind.Record, key, content));
    }

    private static ModelRecord FromRow(byte[] row)
    {
        ulong low = BitConverter.ToUInt64(row, 0);
        ulong high = BitConverter.ToUInt64(row, 8);
        return new ModelRecord(BitConverter.ToUInt64(row, 16), BitConverter.ToUInt64(row, 24), row.AsMemory(32), new UInt128(high, low));
    }

    /// <summary>Removes what has expired, the earliest first and then by key, at most so many as one entry may.</summary>
    private void RemoveExpiredRecords()
    {
        if (clockMs < earliestExpiryMs)
        {
            return;
        }

        // What is stored may have been changed since, by entries that are not committed: as many more than may be removed are looked at.
        var candidates = new List<(ulong ExpiryMs, byte[] Key)>();
        ulong next = ulong.MaxValue;
        using (IStateCursor cursor = store.Engine.Cursor(store.Keys.Expiry(earliestExpiryMs, default).ToArray(), store.Keys.End(RowKind.Expiry)))
        {
            while (next == ulong.MaxValue && cursor.Next())
            {
                ulong expiry = StateKeys.ReadExpiry(cursor.Key, out ReadOnlySpan<byte> key);
                if (expiry > clockMs || candidates.Count > limits.MaxExpiriesPerEntry + known.Count)
                {
                    next = expiry;
                }
                else
                {
                    candidates.Add((expiry, key.ToArray()));
                }
            }
        }

        foreach ((byte[] key, ModelRecord? record) in known)
        {
            if (record is { ExpiryMs: > 0 })
            {
                candidates.Add((record.ExpiryMs, key));
            }
        }

        candidates.Sort((a, b) => a.ExpiryMs != b.ExpiryMs ? a.ExpiryMs.CompareTo(b.ExpiryMs) : a.Key.AsSpan().SequenceCompareTo(b.Key));
        int removed = 0;
        foreach ((ulong expiry, byte[] key) in candidates)
        {
            if (Find(key)?.ExpiryMs != expiry)
            {
                continue;
            }

            if (expiry > clockMs || removed == limits.MaxExpiriesPerEntry)
            {
                next = Math.Min(next, expiry);
                break;
            }

            Change(key, null);
            removed++;
        }

        earliestExpiryMs = next;
    }
}
