using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.Core.Tests.Verification;

/// <summary>
/// Lets a state machine live a generated history, with every entry checked against the reference model before it is committed, as a replica does
/// it; and notes what happened, so that histories in which nothing happens are seen to prove nothing.
/// </summary>
internal sealed class HistoryPlayer : IDisposable
{
    public const uint Group = 7;

    private static readonly byte[][] Keys = [.. Names().Select(Encoding.ASCII.GetBytes)];
    private static readonly byte[][] Values = [[], "a"u8.ToArray(), "bb"u8.ToArray(), "cccc"u8.ToArray(), "dddddd"u8.ToArray(), "eeeeeee"u8.ToArray()];

    // The slot of this key belongs to another group.
    private static readonly int ForeignSlot = SlotHash.SlotOf(Keys[HistoryGenerator.OrdinaryKeys + 1]);

    private readonly GeneratedHistory history;
    private readonly Client[] clients = [.. Enumerable.Range(0, HistoryGenerator.Clients + 1).Select(_ => new Client())];
    private MemoryEngine engine = new();
    private MemoryEngine standby = new();
    private ulong timeMs = 1_000;

    public HistoryPlayer(GeneratedHistory history)
    {
        this.history = history;
        Machine = Open();
        Verifier = new ExecutionVerifier(Machine);
    }

    /// <summary>The state machine as it is now.</summary>
    public StateMachine Machine { get; private set; }

    /// <summary>What checks it.</summary>
    public ExecutionVerifier Verifier { get; private set; }

    /// <summary>Where it keeps its rows.</summary>
    public MemoryEngine Engine => engine;

    /// <summary>What happened.</summary>
    public HashSet<string> Seen { get; } = new(StringComparer.Ordinal);

    private sealed class Client
    {
        public ulong Last { get; set; }

        public ulong Lowest { get; set; }
    }

    /// <summary>Plays the whole history, and looks at what it leaves.</summary>
    /// <exception cref="StateDivergenceException">State machine and reference model do not agree.</exception>
    public void Play()
    {
        foreach (GeneratedStep step in history.Steps)
        {
            Play(step);
        }

        CheckState();
    }

    /// <summary>The entries of a step, as a leader would have made them.</summary>
    public List<Entry> Entries(GeneratedStep step)
    {
        var entries = new List<Entry>();
        foreach (GeneratedEntry generated in step.Entries)
        {
            timeMs = (ulong)Math.Max(0, (long)timeMs + generated.PauseMs);
            ulong index = Machine.Applied.Index + (ulong)entries.Count + 1;
            entries.Add(generated.Kind switch
            {
                GeneratedEntryKind.Noop => new Entry(index, 1, EntryKind.Noop, default),
                GeneratedEntryKind.ClockAlone => new Entry(index, 1, EntryKind.Command, EntryPayload.Encode(timeMs, [])),
                GeneratedEntryKind.Configuration => new Entry(index, 1, EntryKind.Configuration, ConfigurationCodec.Encode(Members(generated.Batches.Length))),
                GeneratedEntryKind.Undecodable => new Entry(index, 1, EntryKind.Command, Payload(generated).AsMemory(0, 12)),
                _ => new Entry(index, 1, EntryKind.Command, Payload(generated)),
            });
        }

        return entries;
    }

    /// <summary>The rows have the digest that is stored, and a state that is loaded from them is the same.</summary>
    public void CheckState()
    {
        using GroupSnapshot view = Machine.OpenSnapshot();
        StateCheck.Run(view, DivergencePhase.Scrub);
        StateMachine loaded = Open();
        if (loaded.Digest != Machine.Digest || loaded.Applied != Machine.Applied || loaded.Revision != Machine.Revision || loaded.ClockMs != Machine.ClockMs || loaded.SessionCount != Machine.SessionCount)
        {
            throw new InvalidOperationException("A state that is loaded is not the one that was written.");
        }
    }

    public void Dispose()
    {
        engine.Dispose();
        standby.Dispose();
    }

    private void Play(GeneratedStep step)
    {
        Seen.Add($"around: {step.Around}");
        switch (step.Around)
        {
            case Around.Restart:
                Machine = Open();
                Verifier = new ExecutionVerifier(Machine);
                break;
            case Around.ModelBeginsAnew:
                Verifier.Reset();
                break;
            case Around.SnapshotToAnotherNode when Machine.Applied.Index > 0:
                MoveBySnapshot();
                break;
            default:
                break;
        }

        List<Entry> entries = Entries(step);
        ExecutedEntries executed = Machine.Execute(entries);
        Verifier.Check(entries, executed);
        if (step.Around == Around.ExecutedAside)
        {
            CheckSame(executed, Machine.ExecuteAside(entries));
        }

        if (step.Around == Around.FullDisk)
        {
            engine.IsFull = true;
            Refused(executed);
            engine.IsFull = false;

            // As the replica does it with the next tick.
            executed = Machine.Execute(entries);
            Verifier.Check(entries, executed);
        }

        Note(executed);
        Machine.Commit(executed);
        Verifier.Committed();
    }

    private void Refused(ExecutedEntries executed)
    {
        try
        {
            Machine.Commit(executed);
            throw new InvalidOperationException("A batch was written to a full disk.");
        }
        catch (DiskFullException)
        {
            Seen.Add("a commit had to wait");
        }
    }

    private void MoveBySnapshot()
    {
        (engine, standby) = (standby, engine);
        StateMachine behind = Open();
        State.SnapshotTests.Install(Machine, behind);
        if (behind.Digest != Machine.Digest)
        {
            throw new InvalidOperationException("A snapshot does not bring the digest of the state that it was made of.");
        }

        Machine = behind;
        Verifier = new ExecutionVerifier(Machine);
    }

    private static void CheckSame(ExecutedEntries executed, ExecutedEntries again)
    {
        for (int i = 0; i < executed.Entries.Count; i++)
        {
            bool same = executed.Entries[i].Digest == again.Entries[i].Digest
                && executed.Entries[i].BatchResults.Count == again.Entries[i].BatchResults.Count
                && executed.Entries[i].BatchResults.Zip(again.Entries[i].BatchResults).All(r => r.First.Span.SequenceEqual(r.Second.Span));
            if (!same)
            {
                throw new InvalidOperationException($"Entry {executed.Entries[i].Index} does something else when it is executed aside.");
            }
        }
    }

    private void Note(ExecutedEntries executed)
    {
        foreach (CommandResult result in executed.Entries.SelectMany(e => e.BatchResults).SelectMany(r => WriteResult.Decode(r)))
        {
            Seen.Add(result.Status == CommandStatus.Refused ? $"refused: {result.Code}" : $"{result.Status}");
        }

        foreach (Effect effect in executed.Effects)
        {
            string what = effect.After.Exists ? "put" : effect.Before.VisibleAt(executed.ClockMs).Exists ? "deleted" : "expired";
            Seen.Add(effect.Before.Exists ? $"effect: {what}, was there" : $"effect: {what}");
        }

        if (Machine.SessionCount > 0)
        {
            Seen.Add("sessions");
        }
    }

    private StateMachine Open() => new(engine, Group, history.Limits, new RecordCache(history.CacheSize), slot => slot != ForeignSlot);

    private byte[] Payload(GeneratedEntry entry) => EntryPayload.Encode(timeMs, [.. entry.Batches.Select(b => (ReadOnlyMemory<byte>)Encode(b))]);

    private byte[] Encode(GeneratedBatch generated)
    {
        Client client = clients[generated.Client];
        client.Lowest = generated.Lowest switch
        {
            LowestChoice.Nothing => client.Last + 1,
            LowestChoice.Everything => 0,
            LowestChoice.LastTwo => Before(client.Last, 1),
            LowestChoice.LastSix => Before(client.Last, 5),
            LowestChoice.NothingBelowTheFuture => client.Last + 5,
            _ => client.Lowest,
        };
        var batch = new WriteBatchBuilder((UInt128)generated.Client, client.Lowest);
        foreach (GeneratedCommand command in generated.Commands)
        {
            Add(batch.Command(Sequence(client, command.Sequence)), command);
        }

        return Damaged(batch.Build(), generated.Damage);
    }

    private static ulong Sequence(Client client, SequenceChoice choice) => choice switch
    {
        SequenceChoice.None => 0,
        SequenceChoice.Last => client.Last,
        SequenceChoice.SecondToLast => Before(client.Last, 1),
        SequenceChoice.SixthToLast => Before(client.Last, 5),
        SequenceChoice.BelowLowest => Before(client.Lowest, 1),
        SequenceChoice.FarAhead => client.Last += 9,
        _ => ++client.Last,
    };

    private static ulong Before(ulong sequence, ulong by) => sequence > by ? sequence - by : 0;

    private void Add(WriteBatchBuilder batch, GeneratedCommand command)
    {
        foreach (GeneratedCondition condition in command.Conditions)
        {
            byte[] key = Keys[condition.Key];
            _ = condition.Kind switch
            {
                ConditionKind.RevisionEquals => batch.IfRevision(key, Before(RevisionOf(key), (ulong)condition.RevisionsBack)),
                ConditionKind.Absent => batch.IfAbsent(key),
                ConditionKind.ValueEquals => batch.IfValue(key, Values[condition.Value]),
                _ => batch.IfExists(key),
            };
        }

        foreach (GeneratedOperation operation in command.Operations)
        {
            byte[] key = Keys[operation.Key];
            _ = operation.Kind switch
            {
                OperationKind.Put => batch.Put(key, Values[operation.Value], operation.TimeToLiveMs),
                OperationKind.Delete => batch.Delete(key),
                _ => batch.Get(key),
            };
        }
    }

    private ulong RevisionOf(byte[] key) => Machine.Records.ReadStored(key) is { } row ? new RowView(row).Revision : 0;

    private static byte[] Damaged(byte[] batch, Damage damage)
    {
        switch (damage)
        {
            case Damage.LastByteMissing:
                return batch[..^1];
            case Damage.ByteTooMany:
                return [.. batch, 0];
            case Damage.OtherVersion:
                batch[0]++;
                return batch;
            case Damage.CountTooHigh:
                BinaryPrimitives.WriteUInt32LittleEndian(batch.AsSpan(WriteBatchReader.HeaderSize - 4), 5);
                return batch;
            case Damage.UnknownKind when batch.Length > WriteBatchReader.HeaderSize + 9 && batch[WriteBatchReader.HeaderSize + 8] > 0:
                batch[WriteBatchReader.HeaderSize + 9] = 9;
                return batch;
            case Damage.Empty:
                return [];
            default:
                return batch;
        }
    }

    private static Configuration Members(int count) => new()
    {
        ClusterId = 5,
        Voters = [.. Enumerable.Range(1, count)],
        Incarnations = Enumerable.Range(1, count).ToImmutableSortedDictionary(n => n, n => (ulong)n * 11),
    };

    private static IEnumerable<string> Names() =>
        [.. Enumerable.Range(1, HistoryGenerator.OrdinaryKeys - 1).Select(k => $"{{t}}{k}"), "{t}at6", "{u}", "{x}", "", "{t}long"];
}
