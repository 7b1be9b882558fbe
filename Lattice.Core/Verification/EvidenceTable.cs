using static Lattice.Core.Verification.DivergenceKind;

namespace Lattice.Core.Verification;

/// <summary>The table by which causes are told apart; each line is one fact. A class that no line speaks for stays at weight 0.</summary>
internal static class EvidenceTable
{
    /// <summary>What speaks for <see cref="DivergenceClass.Unknown"/>: evidence that amounts to less than this tells nothing.</summary>
    public const double Doubt = 1.5;

    private const DivergenceClass Memory = DivergenceClass.MemoryCorruption;
    private const DivergenceClass Disk = DivergenceClass.DiskCorruption;
    private const DivergenceClass Cache = DivergenceClass.CacheIncoherence;
    private const DivergenceClass Command = DivergenceClass.NondeterministicCommand;
    private const DivergenceClass Protocol = DivergenceClass.ProtocolViolation;
    private const DivergenceClass Settings = DivergenceClass.Configuration;
    private const DivergenceClass Defect = DivergenceClass.SoftwareDefect;

    private const DivergenceComponent Store = DivergenceComponent.StateStore;
    private const DivergenceComponent Machine = DivergenceComponent.StateMachine;
    private const DivergenceComponent Model = DivergenceComponent.ReferenceModel;
    private const DivergenceComponent Log = DivergenceComponent.Log;
    private const DivergenceComponent Snapshot = DivergenceComponent.Snapshot;
    private const DivergenceComponent Consensus = DivergenceComponent.Consensus;
    private const DivergenceComponent Digest = DivergenceComponent.Digest;
    private const DivergenceComponent Copies = DivergenceComponent.RecordCache;
    private const DivergenceComponent Deployment = DivergenceComponent.Configuration;

    /// <summary>All lines.</summary>
    public static IReadOnlyList<EvidenceRule> Rules { get; } =
    [
        // Stored records.
        new("A stored record's own hash does not vouch for it.",
            f => f.FoundBy(RecordChecksum),
            For(Disk, Store, 2), For(Memory, Store, 1), Against(Command, 3), Against(Defect, 1)),
        new("Reading the record again gives the same wrong bytes: they are on the disk.",
            f => f.FoundBy(RecordChecksum) && f.Checks.ReadRepeatedAgrees == false,
            For(Disk, Store, 4), Against(Memory, 3)),
        new("Reading the record again gives the right bytes: the disk has them, and they changed on the way through memory.",
            f => f.FoundBy(RecordChecksum) && f.Checks.ReadRepeatedAgrees == true,
            For(Memory, Store, 4), Against(Disk, 3)),

        // Cached copies.
        new("A copy in the cache is not what was put there, or not what is stored.",
            f => f.FoundBy(CacheChecksum, CacheDifference),
            For(Cache, Copies, 4), For(Memory, Copies, 1), Against(Command, 3)),
        new("The stored record is right; only the cached copy is wrong.",
            f => f.FoundBy(CacheChecksum, CacheDifference) && f.Checks.RecordChecksumsHold == true && f.Checks.CacheAgreesWithStore != true,
            For(Cache, Copies, 2), Against(Disk, 3)),
        new("The stored record is damaged too, in the same way: the copy was taken from it.",
            f => f.FoundBy(CacheChecksum, CacheDifference) && f.Checks.RecordChecksumsHold == false && f.Checks.CacheAgreesWithStore == true,
            For(Disk, Store, 6), Against(Cache, 4)),
        new("The stored record's own hash does not vouch for it, so the difference from the cached copy says nothing against the cache.",
            f => f.FoundBy(CacheChecksum, CacheDifference) && f.Checks.RecordChecksumsHold == false && f.Checks.CacheAgreesWithStore != true,
            For(Disk, Store, 6), Against(Cache, 2)),
        new("The cached copy is right when it is looked at again: it was misread.",
            f => f.FoundBy(CacheChecksum, CacheDifference) && f.CacheIsRightWhenReadAgain,
            For(Memory, Copies, 6), Against(Cache, 3)),

        // Execution.
        new("State machine and reference model do not agree on what an entry does.",
            f => f.FoundBy(Effects),
            For(Memory, Machine, 1), For(Defect, Machine, 1)),
        new("Executing the entry again gives what the reference model says.",
            f => f.FoundBy(Effects) && f.Checks.ExecutionRepeatedAgrees == true,
            For(Memory, Machine, 4), Against(Defect, 3), Against(Command, 2)),
        new("Executing the entry again gives the same difference.",
            f => f.FoundBy(Effects) && f.Checks.ExecutionRepeatedAgrees == false,
            For(Defect, Machine, 4), Against(Memory, 3)),
        new("The state machine's outcome is the majority's: it is the reference model that is wrong.",
            f => f.FoundBy(Effects) && f.IsInMajority && f.Checks.ExecutionRepeatedAgrees != true,
            For(Defect, Model, 6)),
        new("A cached copy that the entry reads is not the stored record.",
            f => f.FoundBy(Effects) && f.Checks.CacheAgreesWithStore == false,
            For(Cache, Copies, 6), Against(Defect, 2)),
        new("A stored record that the entry reads is damaged.",
            f => f.FoundBy(Effects) && f.Checks.RecordChecksumsHold == false,
            For(Disk, Store, 6), Against(Defect, 2)),

        // Digests of replicas.
        new("The state is not that of the other replicas at the same entry.",
            f => f.FoundBy(PeerDigest),
            For(Command, Machine, 1), For(Memory, Machine, 0.5), For(Disk, Store, 0.5), For(Defect, Machine, 0.5)),
        new("State machine and reference model agreed on this node, and what is stored is what they said: the node is consistent in itself.",
            f => f.FoundBy(PeerDigest) && f.Checks.ModelAgreed == true && f.Checks.RecordChecksumsHold != false && f.Checks.StoredDigestAgreesWithRows != false,
            For(Command, Machine, 1), Against(Disk, 1)),
        new("What differs was written by the same command here and elsewhere, with another outcome.",
            f => f.FoundBy(PeerDigest) && f.IsWrittenBySameCommand,
            For(Command, Machine, 3), Against(Disk, 1)),
        new("None of the commands that were executed last wrote what differs.",
            f => f.FoundBy(PeerDigest) && f.FoundDuring(DivergencePhase.Boot) && f.IsWrittenByNoCommand,
            For(Disk, Store, 1), Against(Command, 2)),
        new("Executing the entry again gives another outcome than the first time.",
            f => f.FoundBy(PeerDigest) && f.Checks.ExecutionRepeatedAgrees == false,
            For(Command, Machine, 1), For(Memory, Machine, 1), Against(Disk, 2)),
        new("It differed when the node started, before it had agreed with anybody: what it held changed while it was stopped.",
            f => f.FoundBy(PeerDigest) && f.FoundDuring(DivergencePhase.Boot),
            For(Disk, Store, 6), Against(Command, 4)),
        new("The entry has the same bytes in the logs of the other replicas.",
            f => f.FoundBy(PeerDigest) && f.Checks.SameEntryBytesOnPeers == true,
            For(Command, Machine, 2), Against(Protocol, 2)),
        new("The entry has other bytes in the logs of the other replicas.",
            f => f.FoundBy(PeerDigest) && f.Checks.SameEntryBytesOnPeers == false,
            For(Memory, Log, 6), For(Protocol, Consensus, 2), Against(Command, 4)),
        new("The entry with other bytes is on the disk like that.",
            f => f.FoundBy(PeerDigest) && f.Checks.SameEntryBytesOnPeers == false && f.Checks.EntryOnDiskAgrees == false,
            For(Disk, Log, 6), Against(Memory, 3)),
        new("A record differs in one bit and its hash was computed afterwards: a bit flipped before the record was made.",
            f => f.FoundBy(PeerDigest, Effects) && f.IsOneBitBeforeHashing,
            For(Memory, Machine, 3), Against(Command, 2)),
        new("The rows do not add up to the digest that is stored with them: they changed since they were written.",
            f => f.FoundBy(PeerDigest) && f.Checks.StoredDigestAgreesWithRows == false,
            For(Disk, Store, 5), Against(Command, 3)),
        new("A stored record that differs is damaged.",
            f => f.FoundBy(PeerDigest) && f.Checks.RecordChecksumsHold == false,
            For(Disk, Store, 5), Against(Command, 3)),
        new("Records are missing or older here, and digest and rows agree on that: an entry did less here than elsewhere.",
            f => f.FoundBy(PeerDigest) && f.IsBehind && f.Checks.StoredDigestAgreesWithRows == true,
            For(Defect, Machine, 4), Against(Command, 1)),
        new("No replica agrees with another.",
            f => f.FoundBy(PeerDigest) && f.AllDigestsDiffer,
            For(Command, Machine, 2), Against(Memory, 2)),

        // Stored digests.
        new("The rows do not add up to the digest that is stored with them.",
            f => f.FoundBy(StoredDigest),
            For(Disk, Store, 2), For(Defect, Digest, 1), Against(Command, 3)),
        new("Every record that is there vouches for itself: rows are missing, too many, or older than they have to be. A write was lost.",
            f => f.FoundBy(StoredDigest) && f.Checks.RecordChecksumsHold == true && !f.IsOneBitOfADigest,
            For(Disk, Store, 2), Against(Memory, 1)),
        new("A record is missing or older than on the other replicas.",
            f => f.FoundBy(StoredDigest) && f.IsBehind,
            For(Disk, Store, 2), Against(Memory, 1)),
        new("A record is here that was removed.",
            f => f.FoundBy(StoredDigest) && f.HasTooMany,
            For(Disk, Store, 1.5), Against(Memory, 1)),
        new("It was found before the node had executed anything: it came from the disk like that.",
            f => f.FoundBy(StoredDigest, RecordChecksum) && f.FoundDuring(DivergencePhase.Boot),
            For(Disk, Store, 1)),
        new("A bucket's stored digest differs in one bit from what its rows add up to, and the rows are right.",
            f => f.FoundBy(StoredDigest) && f.IsOneBitOfADigest,
            For(Memory, Digest, 6), Against(Disk, 2), Against(Defect, 1)),
        new("Adding up the rows again gives the digest that is stored.",
            f => f.FoundBy(StoredDigest) && (f.Checks.ReadRepeatedAgrees == true || f.Checks.StoredDigestAgreesWithRows == true),
            For(Memory, Digest, 6), Against(Disk, 3)),

        // The log and snapshot files.
        new("An entry of the log changed between its proposal and its application.",
            f => f.FoundBy(EntryChecksum),
            For(Memory, Log, 2), For(Disk, Log, 1), Against(Command, 3), Against(Defect, 1)),
        new("The entry is right on the disk: it changed in memory.",
            f => f.FoundBy(EntryChecksum) && f.Checks.EntryOnDiskAgrees == true,
            For(Memory, Log, 4), Against(Disk, 3)),
        new("The entry is wrong on the disk too.",
            f => f.FoundBy(EntryChecksum) && f.Checks.EntryOnDiskAgrees == false,
            For(Disk, Log, 4), Against(Memory, 3)),
        new("A sealed segment of the log is damaged.",
            f => f.FoundBy(LogSegment),
            For(Disk, Log, 5), For(Memory, Log, 1), Against(Command, 3)),
        new("A snapshot file is damaged.",
            f => f.FoundBy(SnapshotFile),
            For(Disk, Snapshot, 5), For(Memory, Snapshot, 1), Against(Command, 3)),
        new("Reading the file again gives the right bytes.",
            f => f.FoundBy(LogSegment) && f.Checks.ReadRepeatedAgrees == true,
            For(Memory, Log, 6), Against(Disk, 3)),
        new("Reading the file again gives the right bytes.",
            f => f.FoundBy(SnapshotFile) && f.Checks.ReadRepeatedAgrees == true,
            For(Memory, Snapshot, 6), Against(Disk, 3)),

        // The protocol.
        new("A rule of the protocol is broken.",
            f => f.FoundBy(DivergenceKind.Invariant),
            For(Protocol, Consensus, 6)),

        // What runs, and where else it happened.
        new("The nodes run different versions of Lattice.",
            f => f.FoundBy(PeerDigest, Effects) && f.VersionsDiffer,
            For(Settings, Deployment, 5), Against(Command, 1)),
        new("The nodes apply different limits, so they do not refuse the same commands.",
            f => f.FoundBy(PeerDigest, Effects) && f.LimitsDiffer,
            For(Settings, Deployment, 7), Against(Command, 1)),
        new("The nodes write different formats.",
            f => f.FoundBy(PeerDigest, Effects, StoredDigest, DivergenceKind.Invariant) && f.FormatsDiffer,
            For(Settings, Deployment, 5), Against(Command, 1)),
        new("All nodes run the same version with the same limits.",
            f => f.FoundBy(PeerDigest, Effects, DivergenceKind.Invariant) && f.NodesAreAlike,
            For(Command, Machine, 0.5), Against(Settings, 2)),
        new("The same entry does the same wrong thing on other replicas.",
            f => f.FoundBy(Effects, PeerDigest) && f.AreOthersAffected,
            For(Defect, Machine, 6), Against(Memory, 4), Against(Disk, 4), Against(Command, 4), Against(Cache, 3)),
        new("On other replicas, too, the rows do not add up to the stored digest.",
            f => f.FoundBy(StoredDigest) && f.AreOthersAffected,
            For(Defect, Digest, 6), Against(Memory, 4), Against(Disk, 4)),
        new("Other replicas have the same damage.",
            f => f.FoundBy(RecordChecksum, CacheChecksum, CacheDifference, EntryChecksum, LogSegment, SnapshotFile) && f.AreOthersAffected,
            For(Defect, Store, 2), Against(Memory, 2)),

        // Hardware.
        new("A record differs in a single bit.",
            f => f.IsOneBitOfARecord,
            For(Memory, null, 1.5), For(Disk, null, 0.5), Against(Command, 3), Against(Defect, 2)),
        new("The memory controllers counted errors that could not be corrected.",
            f => f.HasUncorrectedMemoryErrors,
            For(Memory, null, 3)),
        new("The memory controllers counted errors that were corrected.",
            f => f.HasCorrectedMemoryErrors && !f.HasUncorrectedMemoryErrors,
            For(Memory, null, 1)),
        new("A disk or a file system counted errors.",
            f => f.HasDeviceErrors,
            For(Disk, null, 1.5)),
    ];

    private static Indication For(DivergenceClass cause, DivergenceComponent? component, double weight) => new(cause, component, weight);

    private static Indication Against(DivergenceClass cause, double weight) => new(cause, null, -weight);
}
