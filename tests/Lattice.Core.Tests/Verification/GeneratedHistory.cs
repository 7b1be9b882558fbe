using System.Globalization;
using System.Text;
using CsCheck;
using Lattice.Core.State;

namespace Lattice.Core.Tests.Verification;

/// <summary>A condition in numbers that shrink well; <see cref="HistoryPlayer"/> says what they stand for.</summary>
internal sealed record GeneratedCondition(ConditionKind Kind, int Key, int Value, int RevisionsBack);

/// <summary>An operation.</summary>
internal sealed record GeneratedOperation(OperationKind Kind, int Key, int Value, ulong TimeToLiveMs);

/// <summary>A command of a batch.</summary>
internal sealed record GeneratedCommand(SequenceChoice Sequence, GeneratedCondition[] Conditions, GeneratedOperation[] Operations);

/// <summary>A write batch of a client; client 0 has no session.</summary>
internal sealed record GeneratedBatch(int Client, LowestChoice Lowest, GeneratedCommand[] Commands, Damage Damage);

/// <summary>An entry of the log.</summary>
internal sealed record GeneratedEntry(GeneratedEntryKind Kind, int PauseMs, GeneratedBatch[] Batches);

/// <summary>Entries that are applied together, and what happens around that.</summary>
internal sealed record GeneratedStep(Around Around, GeneratedEntry[] Entries);

/// <summary>A history and the limits that it runs into.</summary>
internal sealed record GeneratedHistory(StateLimits Limits, int CacheSize, GeneratedStep[] Steps)
{
    /// <summary>Readable, since it is what a failing test shows.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"limits {Array.IndexOf(HistoryGenerator.Limits, Limits)}, cache {CacheSize}");
        foreach (GeneratedStep step in Steps)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"step, around {step.Around}");
            foreach (GeneratedEntry entry in step.Entries)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  entry {entry.Kind} after {entry.PauseMs} ms");
                foreach (GeneratedBatch batch in entry.Batches)
                {
                    text.AppendLine(CultureInfo.InvariantCulture, $"    batch of client {batch.Client}, waits for {batch.Lowest}, damage {batch.Damage}");
                    foreach (GeneratedCommand command in batch.Commands)
                    {
                        text.AppendLine(CultureInfo.InvariantCulture, $"      {command.Sequence}: {string.Join(", ", command.Conditions.AsEnumerable())}; {string.Join(", ", command.Operations.AsEnumerable())}");
                    }
                }
            }
        }

        return text.ToString();
    }
}

/// <summary>How a command's sequence stands to those that its client used before.</summary>
internal enum SequenceChoice
{
    Next,
    None,
    Last,
    SecondToLast,
    SixthToLast,
    BelowLowest,
    FarAhead,
}

/// <summary>What a client says that it waits for.</summary>
internal enum LowestChoice
{
    AsBefore,
    Nothing,
    Everything,
    LastTwo,
    LastSix,
    NothingBelowTheFuture,
}

/// <summary>What is wrong with the bytes of a batch.</summary>
internal enum Damage
{
    None,
    LastByteMissing,
    ByteTooMany,
    OtherVersion,
    CountTooHigh,
    UnknownKind,
    Empty,
}

/// <summary>What an entry carries.</summary>
internal enum GeneratedEntryKind
{
    Commands,
    ClockAlone,
    Noop,
    Configuration,
    Undecodable,
}

/// <summary>What happens before or while a step's entries are applied.</summary>
internal enum Around
{
    Nothing,
    FullDisk,
    Restart,
    ModelBeginsAnew,
    SnapshotToAnotherNode,
    ExecutedAside,
}

/// <summary>Generates histories in which everything that commands can do happens often.</summary>
internal static class HistoryGenerator
{
    /// <summary>Keys of one tag, so that transactions over them are possible; the last is as long as the limits allow.</summary>
    public const int OrdinaryKeys = 5;

    /// <summary>A key of another slot, one of another group, one without bytes, one too long; beyond the ordinary ones.</summary>
    public const int AllKeys = OrdinaryKeys + 4;

    /// <summary>Values; the last but one is as long as tiny limits allow, the last longer.</summary>
    public const int Values = 6;

    public const int Clients = 4;

    private static readonly Gen<int> AnyKey = Gen.Frequency((30, Gen.Int[0, OrdinaryKeys - 1]), (1, Gen.Int[OrdinaryKeys, AllKeys - 1]));

    private static readonly Gen<int> AnyValue = Gen.Frequency((20, Gen.Int[0, Values - 2]), (1, Gen.Const(Values - 1)));

    // In tens, as the pauses: so that much expires at the very time at which something is done, and together.
    private static readonly Gen<ulong> AnyTimeToLive = Gen.Frequency(
        (4, Gen.Const(0UL)),
        (7, Gen.ULong[1, 8].Select(tens => 10 * tens)),
        (1, Gen.ULong[60, 400]),
        (1, Gen.ULong[ulong.MaxValue - 2_000, ulong.MaxValue]));

    private static readonly Gen<GeneratedCondition> AnyCondition =
        from kind in Gen.Int[1, 4]
        from key in AnyKey
        from value in AnyValue
        from back in Gen.Int[0, 2]
        select new GeneratedCondition((ConditionKind)kind, key, value, back);

    private static readonly Gen<GeneratedOperation> AnyOperation =
        from kind in Gen.Frequency((4, Gen.Const(OperationKind.Put)), (2, Gen.Const(OperationKind.Delete)), (2, Gen.Const(OperationKind.Get)))
        from key in AnyKey
        from value in AnyValue
        from life in AnyTimeToLive
        select new GeneratedOperation(kind, key, value, life);

    private static readonly Gen<GeneratedCommand> AnyCommand =
        from sequence in Gen.Frequency(
            (12, Gen.Const(SequenceChoice.Next)),
            (1, Gen.Const(SequenceChoice.None)),
            (2, Gen.Const(SequenceChoice.Last)),
            (2, Gen.Const(SequenceChoice.SecondToLast)),
            (1, Gen.Const(SequenceChoice.SixthToLast)),
            (1, Gen.Const(SequenceChoice.BelowLowest)),
            (1, Gen.Const(SequenceChoice.FarAhead)))
        from conditions in Gen.Frequency((3, Gen.Const(0)), (3, Gen.Const(1)), (2, Gen.Int[2, 4])).SelectMany(n => AnyCondition.Array[n])
        from operations in Gen.Frequency((1, Gen.Const(0)), (6, Gen.Const(1)), (5, Gen.Int[2, 4])).SelectMany(n => AnyOperation.Array[n])
        select new GeneratedCommand(sequence, conditions, operations);

    private static readonly Gen<GeneratedBatch> AnyBatch =
        from client in Gen.Int[0, Clients]
        from lowest in Gen.Frequency(
            (6, Gen.Const(LowestChoice.AsBefore)),
            (2, Gen.Const(LowestChoice.Nothing)),
            (1, Gen.Const(LowestChoice.Everything)),
            (4, Gen.Const(LowestChoice.LastTwo)),
            (3, Gen.Const(LowestChoice.LastSix)),
            (1, Gen.Const(LowestChoice.NothingBelowTheFuture)))
        from commands in AnyCommand.Array[0, 4]
        from damage in Gen.Frequency((30, Gen.Const(0)), (1, Gen.Int[1, 6]))
        select new GeneratedBatch(client, lowest, commands, (Damage)damage);

    private static readonly Gen<GeneratedEntry> AnyEntry =
        from kind in Gen.Frequency((20, Gen.Const(0)), (3, Gen.Const(1)), (1, Gen.Int[2, 4]))
        from pause in Gen.Frequency((3, Gen.Const(0)), (5, Gen.Int[1, 5].Select(tens => 10 * tens)), (1, Gen.Int[50, 250]), (1, Gen.Int[-60, -1]))
        from batches in AnyBatch.Array[1, 3]
        select new GeneratedEntry((GeneratedEntryKind)kind, pause, batches);

    private static readonly Gen<GeneratedStep> AnyStep =
        from around in Gen.Frequency((12, Gen.Const(0)), (6, Gen.Int[1, 5]))
        from entries in AnyEntry.Array[1, 5]
        select new GeneratedStep((Around)around, entries);

    /// <summary>Limits that every short history runs into, one with room, and the default ones.</summary>
    public static readonly StateLimits[] Limits =
    [
        new()
        {
            MaxKeyBytes = 6,
            MaxValueBytes = 6,
            MaxTransactionOperations = 3,
            MaxResultBytes = 11,
            MaxSessions = 2,
            MaxOutstandingPerSession = 3,
            MaxSessionResultBytes = 160,
            SessionTimeout = TimeSpan.FromMilliseconds(150),
            MaxSessionExpiriesPerEntry = 1,
            MaxExpiriesPerEntry = 1,
        },
        new()
        {
            MaxKeyBytes = 6,
            MaxTransactionOperations = 4,
            MaxSessions = 3,
            MaxOutstandingPerSession = 8,
            SessionTimeout = TimeSpan.FromMilliseconds(400),
            MaxSessionExpiriesPerEntry = 2,
            MaxExpiriesPerEntry = 2,
        },
        new() { MaxKeyBytes = 6 },
    ];

    /// <summary>Histories.</summary>
    public static readonly Gen<GeneratedHistory> AnyHistory =
        from limits in Gen.Int[0, 2]
        from cache in Gen.Int[0, 1]
        from steps in AnyStep.Array[1, 10]
        select new GeneratedHistory(Limits[limits], cache == 0 ? 0 : 3, steps);
}
