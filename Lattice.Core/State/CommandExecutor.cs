namespace Lattice.Core.State;

/// <summary>
/// Executes write batches: changes go to <see cref="UncommittedRecords"/> and <see cref="SessionTable"/>, results are
/// encoded as the clients get them. Deterministic: what happens follows from the state and the entry alone.
/// </summary>
internal sealed class CommandExecutor(StateLimits limits, Func<int, bool>? ownsSlot, UncommittedRecords records, ExpiryIndex expiries, SessionTable sessions)
{
    private readonly CommandRules rules = new(limits, ownsSlot);
    private readonly ParsedCommand command = new();
    private readonly WireWriter results = new(1024);

    // Bytes of records in the answer to the batch under way.
    private long answered;

    /// <summary>Revision of the group.</summary>
    public ulong Revision { get; set; }

    /// <summary>Clock of the group.</summary>
    public ulong ClockMs { get; private set; }

    /// <summary>Sets where execution goes on from.</summary>
    public void Resume(ulong revision, ulong clockMs) => (Revision, ClockMs) = (revision, clockMs);

    /// <summary>Moves the clock, and removes what has expired by it.</summary>
    public void MoveClock(ulong timeMs)
    {
        ClockMs = Math.Max(ClockMs, timeMs);
        expiries.Expire(ClockMs, limits.MaxExpiriesPerEntry, records);
        sessions.Expire(ClockMs);
    }

    /// <summary>Executes a write batch and returns its result.</summary>
    /// <param name="batch">The batch as it came from the client.</param>
    /// <param name="index">Index of its entry.</param>
    /// <param name="ordinal">Number of the batch in the entry.</param>
    public byte[] Execute(ReadOnlySpan<byte> batch, ulong index, int ordinal)
    {
        results.Clear();
        answered = 0;
        bool wellFormed = WriteBatchReader.TryOpen(batch, command, out WriteBatchReader reader, out int count);
        results.U8(WriteResult.Version);
        results.U32((uint)count);
        if (!wellFormed)
        {
            RefuseAll(count, RefusalCode.Malformed, "The write batch does not follow the format, so none of its commands was done. Is the client of a newer version than the cluster?");
        }
        else if (reader.Client == UInt128.Zero)
        {
            for (int i = 0; i < count; i++)
            {
                reader.TryRead(command);
                Execute(batch);
            }
        }
        else
        {
            ExecuteInSession(batch, ref reader, index, ordinal);
        }

        command.Clear();
        return results.ToArray();
    }

    private void ExecuteInSession(ReadOnlySpan<byte> batch, ref WriteBatchReader reader, ulong index, int ordinal)
    {
        if (sessions.BeginBatch(reader.Client, reader.Lowest, index, ordinal) is not { } session)
        {
            RefuseAll(reader.Count, RefusalCode.TooManySessions, $"The group remembers {sessions.Count} client sessions, which is the limit (max_sessions). Sessions that are silent for {limits.SessionTimeout} (session_timeout) are forgotten: try again later, or use fewer clients.");
            return;
        }

        for (int i = 0; i < reader.Count; i++)
        {
            reader.TryRead(command);
            ulong sequence = command.Sequence;
            if (sequence == 0)
            {
                Execute(batch);
            }
            else if (sequence < session.Lowest)
            {
                Refuse(RefusalCode.SequenceForgotten, $"The session said that it does not wait for sequences below {session.Lowest} any longer, so whether sequence {sequence} was done is not known any more.");
            }
            else if (session.TryFind(sequence, out RememberedResult remembered))
            {
                results.Raw(sessions.Recall(remembered));
            }
            else if (!sessions.HasRoom(session))
            {
                Refuse(RefusalCode.TooManyOutstanding, $"The session has {session.Outstanding} results of {session.Bytes} bytes that it may still ask for; the limits are {limits.MaxOutstandingPerSession} results (max_outstanding_per_session) and {limits.MaxSessionResultBytes} bytes (max_session_result_bytes). Raise the lowest sequence that it waits for.");
            }
            else
            {
                int start = results.Length;

                // A refusal changed nothing, so doing the command anew is no second time; and it may stand better then.
                if (Execute(batch))
                {
                    sessions.Remember(session, sequence, results.Written[start..]);
                }
            }
        }

        sessions.EndBatch(session, ClockMs);
    }

    /// <summary>Executes the command that was read last; false when it was refused.</summary>
    private bool Execute(ReadOnlySpan<byte> batch)
    {
        (RefusalCode code, string message) = rules.Check(command, batch);
        if (code != RefusalCode.None)
        {
            Refuse(code, message);
            return false;
        }

        return Holds(batch) ? Perform(batch) : AnswerConditions();
    }

    private bool Holds(ReadOnlySpan<byte> batch)
    {
        bool all = true;
        foreach (ref ParsedCondition condition in command.Conditions)
        {
            condition.Found = records.Read(batch[condition.Key]).VisibleAt(ClockMs);
            condition.Held = condition.Kind switch
            {
                ConditionKind.RevisionEquals => condition.Found.Exists && condition.Found.Revision == condition.Revision,
                ConditionKind.Absent => !condition.Found.Exists,
                ConditionKind.ValueEquals => condition.Found.Exists && condition.Found.ValueSpan.SequenceEqual(batch[condition.Value]),
                _ => condition.Found.Exists,
            };
            all &= condition.Held;
        }

        return all;
    }

    private bool AnswerConditions()
    {
        long size = 0;
        foreach (ref readonly ParsedCondition condition in command.Conditions)
        {
            size += condition.Found.Value.Length;
        }

        if (!FitsAnswer(size))
        {
            return false;
        }

        results.U8((byte)CommandStatus.ConditionFailed);
        results.U64(Revision);
        results.U8((byte)command.ConditionCount);
        foreach (ref readonly ParsedCondition condition in command.Conditions)
        {
            results.U8(condition.Held ? (byte)1 : (byte)0);
            WriteResult.WriteRecord(results, condition.Found, withValue: true);
        }

        return true;
    }

    private bool Perform(ReadOnlySpan<byte> batch)
    {
        long size = 0;
        bool writes = false;
        bool reads = false;
        foreach (ref ParsedOperation operation in command.Operations)
        {
            // Every operation sees the records as the command found them, so all are looked up before any is changed.
            operation.Stored = records.Read(batch[operation.Key]);
            bool found = operation.Stored.VisibleAt(ClockMs).Exists;
            reads |= operation.Kind == OperationKind.Get;
            writes |= operation.Kind == OperationKind.Put || (operation.Kind == OperationKind.Delete && found);
            size += found ? operation.Stored.Value.Length : 0;
        }

        if (reads && !FitsAnswer(size))
        {
            return false;
        }

        if (writes)
        {
            Revision++;
        }

        results.U8((byte)CommandStatus.Done);
        results.U64(Revision);
        results.U8((byte)command.OperationCount);
        foreach (ref readonly ParsedOperation operation in command.Operations)
        {
            StateRecord found = operation.Stored.VisibleAt(ClockMs);
            WriteResult.WriteRecord(results, found, reads && IsRead(batch, operation.Key));
            if (operation.Kind == OperationKind.Put)
            {
                Put(batch[operation.Key], batch[operation.Value], operation.TimeToLiveMs);
            }
            else if (operation.Kind == OperationKind.Delete && found.Exists)
            {
                records.Remove(batch[operation.Key].ToArray());
            }
        }

        return true;
    }

    private void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong timeToLiveMs)
    {
        byte[] owned = key.ToArray();
        ulong expiry = 0;
        if (timeToLiveMs != 0)
        {
            expiry = timeToLiveMs > ulong.MaxValue - ClockMs ? ulong.MaxValue : ClockMs + timeToLiveMs;
            expiries.Added(expiry, owned);
        }

        records.Put(owned, Revision, expiry, value);
    }

    /// <summary>Whether the command reads the key: only then are values of puts and deletes answered.</summary>
    private bool IsRead(ReadOnlySpan<byte> batch, Range key)
    {
        foreach (ref readonly ParsedOperation operation in command.Operations)
        {
            if (operation.Kind == OperationKind.Get && batch[operation.Key].SequenceEqual(batch[key]))
            {
                return true;
            }
        }

        return false;
    }

    private bool FitsAnswer(long size)
    {
        if (answered + size > limits.MaxResultBytes)
        {
            Refuse(RefusalCode.TransactionTooLarge, $"The records that the command reads have {size} bytes, after {answered} bytes for the commands before it in the batch; the limit is {limits.MaxResultBytes} (max_result_bytes). Read less at a time.");
            return false;
        }

        answered += size;
        return true;
    }

    private void Refuse(RefusalCode code, string message) => WriteResult.WriteRefusal(results, Revision, code, message);

    private void RefuseAll(int count, RefusalCode code, string message)
    {
        for (int i = 0; i < count; i++)
        {
            Refuse(code, message);
        }
    }
}
