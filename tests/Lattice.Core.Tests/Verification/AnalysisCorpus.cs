using Lattice.Core.Verification;
using Xunit;
using static Lattice.Core.Verification.DivergenceKind;
using static Lattice.Core.Verification.DivergencePhase;

namespace Lattice.Core.Tests.Verification;

/// <summary>Evidence whose cause is known. Also what a check could not establish, and what points elsewhere, is in here: reports are seldom complete.</summary>
internal static class AnalysisCorpus
{
    private const DivergenceClass Memory = DivergenceClass.MemoryCorruption;
    private const DivergenceClass Disk = DivergenceClass.DiskCorruption;
    private const DivergenceClass Cache = DivergenceClass.CacheIncoherence;
    private const DivergenceClass Command = DivergenceClass.NondeterministicCommand;
    private const DivergenceClass Protocol = DivergenceClass.ProtocolViolation;
    private const DivergenceClass Settings = DivergenceClass.Configuration;
    private const DivergenceClass Defect = DivergenceClass.SoftwareDefect;
    private const DivergenceClass Unknown = DivergenceClass.Unknown;

    private static readonly byte[] Right = Reports.Row("the balance is 100 coins");
    private static readonly byte[] OneBit = Reports.Flipped(Right);
    private static readonly byte[] Garbage = [.. Right[..40], .. new byte[Right.Length - 40]];
    private static readonly byte[] Older = Reports.Row("the balance is 90 coins", revision: 500);
    private static readonly byte[] OtherOutcome = Reports.Row("the balance is 7 coins, or so");
    private static readonly byte[] OneBitRehashed = Reports.Row("the balance is 000 coins");

    /// <summary>A report with its right answer.</summary>
    /// <param name="Name">What happened.</param>
    /// <param name="Class">Its class.</param>
    /// <param name="Component">Where it was; null: not to be told.</param>
    /// <param name="Report">The evidence.</param>
    public sealed record Case(string Name, DivergenceClass Class, DivergenceComponent? Component, DivergenceReport Report);

    public static IReadOnlyList<Case> Cases { get; } =
    [
        // The disk.
        new("a bit rotted in a stored record, found by the scrub", Disk, DivergenceComponent.StateStore, Found(RecordChecksum, Scrub, readAgain: false, sound: false).With(OneBit, null, isExpectedKnown: false)),
        new("a bit rotted in a stored record, found by a read, the right one fetched from another replica", Disk, DivergenceComponent.StateStore, Found(RecordChecksum, Read, readAgain: false, sound: false).With(OneBit, Right)),
        new("the end of a record is zeros", Disk, DivergenceComponent.StateStore, Found(RecordChecksum, Apply, readAgain: false, sound: false).With(Garbage, Right)),
        new("a record was tampered with while the node was down", Disk, DivergenceComponent.StateStore, Found(RecordChecksum, Boot, readAgain: false, sound: false).With(OneBit, Right).WithNodes()),
        new("a stored record is damaged, the disk counts errors", Disk, DivergenceComponent.StateStore, Found(RecordChecksum, Scrub, readAgain: false, sound: false).With(Garbage, null, isExpectedKnown: false).WithMachine(deviceErrors: 12)),
        new("a stored record is damaged, the memory once corrected an error", Disk, DivergenceComponent.StateStore, Found(RecordChecksum, Scrub, readAgain: false, sound: false).With(OneBit, Right).WithMachine(corrected: 1)),
        new("a stored record is damaged and nothing else is known", Disk, DivergenceComponent.StateStore, Found(RecordChecksum, Scrub, sound: false)),
        new("two replicas were tampered with alike", Disk, DivergenceComponent.StateStore, Found(RecordChecksum, Boot, readAgain: false, sound: false, others: 1).With(OneBit, Right)),
        new("a write was lost: the row is the old one", Disk, DivergenceComponent.StateStore, Found(StoredDigest, Scrub, sound: true, digest: false).WithBucket(123, 0x77777777777).With(Older, Right)),
        new("a write was lost: the row is not there", Disk, DivergenceComponent.StateStore, Found(StoredDigest, Scrub, sound: true, digest: false).WithBucket(123, 0x77777777777).With(null, Right)),
        new("a deletion was lost", Disk, DivergenceComponent.StateStore, Found(StoredDigest, Scrub, sound: true, digest: false).WithBucket(123, 0x77777777777).With(Right, null)),
        new("the applied index was persisted without the data it stands for", Disk, DivergenceComponent.StateStore, Found(StoredDigest, Boot, sound: true, digest: false).WithBucket(3, 0xABCDEF).WithBucket(5, 0x123456).With(null, Right).With(Older, Right)),
        new("rows were lost, seen when a snapshot was streamed", Disk, DivergenceComponent.StateStore, Found(StoredDigest, Snapshot, sound: true, digest: false)),
        new("rows were lost, not known which", Disk, DivergenceComponent.StateStore, Found(StoredDigest, Boot, sound: true, digest: false).WithBucket(999, 0x13579BDF)),
        new("the rows that say what the state stands for are damaged", Disk, DivergenceComponent.StateStore, Found(StoredDigest, Boot)),
        new("the session rows are not those that were written", Disk, DivergenceComponent.StateStore, Found(StoredDigest, Boot).WithBucket(0x5555, 0xAAAA0000)),
        new("the state differs from the others' because stored rows changed", Disk, DivergenceComponent.StateStore, Found(PeerDigest, Exchange, digest: false).WithDigests(1, 2, 1).With(Older, Right).WithNodes()),
        new("the state differs from the others' because a stored record is damaged", Disk, DivergenceComponent.StateStore, Found(PeerDigest, Boot, sound: false).WithDigests(1, 2, 1).With(OneBit, Right)),
        new("a state that was tampered with while the node was stopped, so that it is consistent in itself", Disk, DivergenceComponent.StateStore, Found(PeerDigest, Boot, model: true, sound: true, digest: true, sameBytes: true).WithDigests(1, 2, 1).With(OtherOutcome, Right).WithNodes()),
        new("an entry is wrong on the disk", Disk, DivergenceComponent.Log, Found(EntryChecksum, Apply, onDisk: false)),
        new("an entry is wrong on the disk, the disk counts errors", Disk, DivergenceComponent.Log, Found(EntryChecksum, Apply, onDisk: false).WithMachine(deviceErrors: 1)),
        new("an entry with other bytes than elsewhere is on the disk like that", Disk, DivergenceComponent.Log, Found(PeerDigest, Exchange, model: true, sameBytes: false, onDisk: false).WithDigests(1, 2, 1).With(OtherOutcome, Right)),
        new("a sealed segment was tampered with", Disk, DivergenceComponent.Log, Found(LogSegment, Scrub, readAgain: false)),
        new("a sealed segment is damaged and nothing else is known", Disk, DivergenceComponent.Log, Found(LogSegment, Scrub)),
        new("a snapshot file was tampered with", Disk, DivergenceComponent.Snapshot, Found(SnapshotFile, Scrub, readAgain: false)),
        new("a snapshot file is damaged, the memory counts errors", Disk, DivergenceComponent.Snapshot, Found(SnapshotFile, Scrub).WithMachine(corrected: 3)),
        new("a cached copy was loaded from a damaged record", Disk, DivergenceComponent.StateStore, Found(CacheChecksum, Read, readAgain: false, cache: true, sound: false).With(OneBit, OneBit, isExpectedKnown: false)),
        new("the cached copy is right and the stored record is damaged", Disk, DivergenceComponent.StateStore, Found(CacheDifference, Apply, cache: false, sound: false).With(Right, OneBit)),
        new("an entry reads a damaged record", Disk, DivergenceComponent.StateStore, Found(Effects, Apply, again: false, sound: false, cache: true).With(OneBit, Right)),

        // Memory.
        new("a record was misread once", Memory, DivergenceComponent.StateStore, Found(RecordChecksum, Read, readAgain: true, sound: false).With(OneBit, Right)),
        new("a record was misread once during the scrub", Memory, DivergenceComponent.StateStore, Found(RecordChecksum, Scrub, readAgain: true, sound: false).With(Garbage, Right).WithMachine(deviceErrors: 2)),
        new("a bit flipped in what was executed", Memory, DivergenceComponent.StateMachine, Found(Effects, Apply, again: true, cache: true).With(OneBit, Right)),
        new("a bit flipped in what was executed, before it was hashed", Memory, DivergenceComponent.StateMachine, Found(Effects, Apply, again: true, cache: true).With(OneBitRehashed, Right).WithNodes()),
        new("a result changed in memory, no record did", Memory, DivergenceComponent.StateMachine, Found(Effects, Apply, again: true, cache: true)),
        new("a bit flipped on the leader, errors counted", Memory, DivergenceComponent.StateMachine, Found(Effects, Apply, again: true).With(OneBit, Right).WithMachine(corrected: 40, uncorrected: 1)),
        new("what was executed changed during a rolling upgrade", Memory, DivergenceComponent.StateMachine, Found(Effects, Apply, again: true, cache: true).With(OneBit, Right).WithNodes(otherVersion: "1.3.0").WithMachine(corrected: 5)),
        new("what is executed differs in one bit, and whether it does so again is not known", Memory, DivergenceComponent.StateMachine, Found(Effects, Apply, cache: true).With(OneBit, Right)),
        new("an entry changed in memory", Memory, DivergenceComponent.Log, Found(EntryChecksum, Apply, onDisk: true)),
        new("an entry changed in memory, the disk has counted errors before", Memory, DivergenceComponent.Log, Found(EntryChecksum, Apply, onDisk: true).WithMachine(deviceErrors: 4)),
        new("a digest flipped a bit", Memory, DivergenceComponent.Digest, Found(StoredDigest, Scrub, sound: true, digest: false).WithBucket(0b1011, 0b1111)),
        new("a digest flipped a bit, found at boot", Memory, DivergenceComponent.Digest, Found(StoredDigest, Boot, sound: true, digest: false).WithBucket((UInt128)1 << 100, ((UInt128)1 << 100) + 1)),
        new("rows were added up wrongly once", Memory, DivergenceComponent.Digest, Found(StoredDigest, Scrub, sound: true, readAgain: true)),
        new("the entry was executed with other bytes than those on the disk", Memory, DivergenceComponent.Log, Found(PeerDigest, Exchange, model: true, sound: true, digest: true, sameBytes: false, onDisk: true).WithDigests(1, 2, 1).With(OneBitRehashed, Right).WithNodes()),
        new("a value flipped a bit before both executions", Memory, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true).WithDigests(1, 2, 1).With(OneBitRehashed, Right).WithMachine(corrected: 7)),
        new("a segment was misread once", Memory, DivergenceComponent.Log, Found(LogSegment, Scrub, readAgain: true)),
        new("a snapshot file was misread once", Memory, DivergenceComponent.Snapshot, Found(SnapshotFile, Scrub, readAgain: true)),
        new("a cached copy was misread once", Memory, DivergenceComponent.RecordCache, MisreadCopy()),

        // The cache.
        new("a bit flipped in a cached copy", Cache, DivergenceComponent.RecordCache, Found(CacheChecksum, Read, readAgain: true, cache: false, sound: true).With(OneBit, Right)),
        new("a bit flipped in a cached copy, errors corrected", Cache, DivergenceComponent.RecordCache, Found(CacheChecksum, Scrub, readAgain: true, cache: false, sound: true).With(OneBit, Right).WithMachine(corrected: 2)),
        new("a cached copy is garbage", Cache, DivergenceComponent.RecordCache, Found(CacheChecksum, Apply, readAgain: true, cache: false, sound: true).With(Garbage, Right)),
        new("a cached copy is stale", Cache, DivergenceComponent.RecordCache, Found(CacheDifference, Apply, again: false, cache: false, model: false).With(Older, Right)),
        new("a cached copy of a record that was removed", Cache, DivergenceComponent.RecordCache, Found(CacheDifference, Scrub, cache: false, sound: true).With(Right, null)),
        new("cached copies are stale on two replicas", Cache, DivergenceComponent.RecordCache, Found(CacheDifference, Apply, cache: false, sound: true, others: 1).With(Older, Right)),
        new("an entry reads a stale copy", Cache, DivergenceComponent.RecordCache, Found(Effects, Apply, again: false, cache: false).With(OtherOutcome, Right)),
        new("a cached copy is bad and nothing else is known", Cache, DivergenceComponent.RecordCache, Found(CacheChecksum, Read)),

        // Commands.
        new("a command depends on the local time", Command, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true, sound: true, digest: true, sameBytes: true).WithDigests(1, 2, 1).With(OtherOutcome, Right).WithNodes()),
        new("a command depends on the local time, all replicas differ", Command, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true, sound: true, digest: true).WithDigests(1, 2, 3).With(OtherOutcome, Right).WithNodes()),
        new("a command does something else, and the rows were not checked", Command, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true).WithDigests(1, 2, 1).With(OtherOutcome, Right).WithNodes()),
        new("a command does something else, the other nodes were not asked", Command, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true).WithDigests(1, 2, 1).With(OtherOutcome, Right)),
        new("a command does something else each time", Command, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, again: false, model: true, sound: true).WithDigests(1, 2, 1).With(OtherOutcome, Right).WithNodes()),
        new("a command sets another expiry", Command, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true, sound: true).WithDigests(1, 2, 1).With(Reports.Row("the balance is 100 coins", expiry: 4_000_123), Reports.Row("the balance is 100 coins", expiry: 4_000_000)).WithNodes()),
        new("a command does something else, the memory corrected an error", Command, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true, sameBytes: true).WithDigests(1, 2, 1).With(OtherOutcome, Right).WithNodes().WithMachine(corrected: 1)),
        new("a command does something else, no record could be compared", Command, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true, sound: true, digest: true, sameBytes: true).WithDigests(1, 2, 1).WithNodes()),

        // The protocol.
        new("two leaders of one term", Protocol, DivergenceComponent.Consensus, Broken("one-leader-per-term").WithNodes()),
        new("a committed entry was overwritten", Protocol, DivergenceComponent.Consensus, Broken("committed-entries-stay")),
        new("the stamped time went back", Protocol, DivergenceComponent.Consensus, Broken("time-moves-on").WithMachine(corrected: 2)),
        new("a forged message during a rolling upgrade", Protocol, DivergenceComponent.Consensus, Broken("one-leader-per-term").WithNodes(otherVersion: "1.3.0")),
        new("two nodes broke the rule", Protocol, DivergenceComponent.Consensus, Broken("log-matching", others: 1)),

        // Versions and settings.
        new("a node has other limits", Settings, DivergenceComponent.Configuration, Found(PeerDigest, Exchange, model: true, sound: true, digest: true).WithDigests(1, 2, 1).With(null, Right).WithNodes(otherLimits: "22bb")),
        new("a node has other limits, and another version too", Settings, DivergenceComponent.Configuration, Found(PeerDigest, Exchange, model: true, sameBytes: true).WithDigests(1, 2, 1).With(Older, Right).WithNodes(otherVersion: "1.3.0", otherLimits: "22bb")),
        new("a node of another version executes something else", Settings, DivergenceComponent.Configuration, Found(PeerDigest, Exchange, model: true).WithDigests(1, 2, 1).With(OtherOutcome, Right).WithNodes(otherVersion: "1.3.0")),
        new("a node writes another format", Settings, DivergenceComponent.Configuration, Found(PeerDigest, Boot, model: true).WithDigests(1, 2, 1).With(OtherOutcome, Right).WithNodes(otherFormat: 3)),
        new("two old nodes and a new one", Settings, DivergenceComponent.Configuration, Found(PeerDigest, Exchange).WithDigests(1, 2, 1).WithNodes(otherVersion: "1.3.0", otherFormat: 3)),

        // Lattice itself.
        new("the state machine does something else than the model, each time", Defect, DivergenceComponent.StateMachine, Found(Effects, Apply, again: false, cache: true, sound: true).With(OtherOutcome, Right).WithNodes()),
        new("the state machine does something else on all replicas", Defect, DivergenceComponent.StateMachine, Found(Effects, Apply, again: false, cache: true, others: 2).With(OtherOutcome, Right)),
        new("the same entry stops two replicas, and nothing else is known", Defect, DivergenceComponent.StateMachine, Found(Effects, Apply, others: 1)),
        new("the reference model is wrong", Defect, DivergenceComponent.ReferenceModel, Found(Effects, Apply, again: false, cache: true).WithDigests(1, 1, 1).With(OtherOutcome, Right)),
        new("digests are kept wrongly on all replicas", Defect, DivergenceComponent.Digest, Found(StoredDigest, Scrub, sound: true, digest: false, others: 2).WithBucket(12, 0x7654321)),
        new("an entry was passed over", Defect, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true, sound: true, digest: true).WithDigests(1, 2, 1).With(Older, Right).WithNodes()),
        new("several replicas end with the same wrong state", Defect, DivergenceComponent.StateMachine, Found(PeerDigest, Exchange, model: true, sound: true, digest: true, others: 1).WithDigests(1, 2, 2, 1, 1).With(OtherOutcome, Right).WithNodes()),

        // Nothing to go by.
        new("the state differs and nobody knows more", Unknown, null, Found(PeerDigest, Exchange).WithDigests(1, 2, 1)),
        new("state machine and model differ and nobody knows more", Unknown, null, Found(Effects, Apply)),
        new("the state differs at the end of a snapshot", Unknown, null, Found(PeerDigest, Snapshot)),
    ];

    public static TheoryData<string> Names => [.. Cases.Select(c => c.Name)];

    private static DivergenceReport Found(DivergenceKind kind, DivergencePhase phase, bool? readAgain = null, bool? again = null, bool? cache = null, bool? digest = null, bool? sound = null, bool? model = null, bool? sameBytes = null, bool? onDisk = null, int? others = null) =>
        Reports.Of(kind, phase, new DivergenceChecks
        {
            ReadRepeatedAgrees = readAgain,
            ExecutionRepeatedAgrees = again,
            CacheAgreesWithStore = cache,
            StoredDigestAgreesWithRows = digest,
            RecordChecksumsHold = sound,
            ModelAgreed = model ?? (kind == Effects ? false : null),
            SameEntryBytesOnPeers = sameBytes,
            EntryOnDiskAgrees = onDisk,
            OtherReplicasAffected = others,
        });

    private static DivergenceReport Broken(string rule, int? others = null)
    {
        DivergenceReport report = Found(DivergenceKind.Invariant, Exchange, others: others);
        return report with { Detection = report.Detection with { Rule = rule, Facts = ["Node 1 says so.", "Node 3 says something else."] } };
    }

    private static DivergenceReport MisreadCopy()
    {
        DivergenceReport report = Found(CacheChecksum, Read, readAgain: true, cache: true, sound: true).With(OneBit, Right);
        return report with { Keys = [.. report.Keys.Select(k => k with { CacheAgreesWhenReadAgain = true })] };
    }
}
