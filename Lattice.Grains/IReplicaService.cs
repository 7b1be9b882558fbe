using Lattice.Grains.Verification;
using Orleans.Concurrency;
using Orleans.Services;

namespace Lattice.Grains;

/// <summary>
/// The node's end of what nodes say to each other. Reached by silo address, with no grain directory in the path, so
/// consensus does not depend on what it supports.
/// </summary>
[Alias("lattice.replica-service")]
public interface IReplicaService : IGrainService
{
    /// <summary>Messages of any groups, encoded; nobody waits for an answer.</summary>
    [OneWay]
    [Alias("deliver")]
    ValueTask Deliver(ReadOnlyMemory<byte> frame);

    /// <summary>The same, and an answer when they have been taken: tells the sender how far the peer is behind.</summary>
    [Alias("deliver-answered")]
    [ResponseTimeout("00:00:02")]
    ValueTask DeliverAnswered(ReadOnlyMemory<byte> frame);

    /// <summary>A write for a group that this node is believed to lead. Never handed on a second time.</summary>
    [Alias("write")]
    [ResponseTimeout("00:00:30")]
    ValueTask<ShardReply> Write(uint group, ReadOnlyMemory<byte> batch);

    /// <summary>How this node stands.</summary>
    [Alias("status")]
    [ResponseTimeout("00:00:05")]
    ValueTask<NodeStatus> GetStatus();

    /// <summary>What happened on this node lately; <paramref name="group"/> null: in all groups.</summary>
    [Alias("trace")]
    [ResponseTimeout("00:00:05")]
    ValueTask<NodeTrace> GetTrace(uint? group, int last);

    /// <summary>What this node has to do, since a moment (<see cref="NodeLoadSource.Get"/>).</summary>
    [Alias("load")]
    [ResponseTimeout("00:00:02")]
    ValueTask<NodeLoad> GetLoad(long after);

    /// <summary>Answers at once: what the round trip is measured with.</summary>
    [Alias("ping")]
    [ResponseTimeout("00:00:02")]
    ValueTask Ping();

    /// <summary>Compares the state of a group here with that of the asker, who was found to be wrong (<c>BucketQuestion</c>, <c>BucketAnswer</c>); empty: there is no such group here.</summary>
    [Alias("compare")]
    [ResponseTimeout("00:00:05")]
    ValueTask<ReadOnlyMemory<byte>> Compare(ReadOnlyMemory<byte> question);

    /// <summary>What this node says about a divergence that the asker found on itself (<c>TestimonyQuestion</c>, <c>Testimony</c>).</summary>
    [Alias("testify")]
    [ResponseTimeout("00:00:05")]
    ValueTask<ReadOnlyMemory<byte>> Testify(ReadOnlyMemory<byte> question);

    /// <summary>The sender found one of its replicas to be wrong and stops.</summary>
    [OneWay]
    [Alias("peer-diverged")]
    ValueTask PeerDiverged(int node, uint group, string what);

    /// <summary>The sender halted, and this is what its report says.</summary>
    [Alias("peer-halted")]
    [ResponseTimeout("00:00:01")]
    ValueTask PeerHalted(Incident halt);

    /// <summary>How the replica here stands, for a verifier, with its digest after an entry; null: there is no such group here.</summary>
    [Alias("sample")]
    [ResponseTimeout("00:00:02")]
    ValueTask<ReplicaSample?> Sample(uint group, ulong index);

    /// <summary>Injects a fault, to rehearse what to do about it.</summary>
    [Alias("drill")]
    [ResponseTimeout("00:00:05")]
    ValueTask<DrillReply> Drill(string kind, uint group, string who);

    /// <summary>Checks everything that this node holds, or tells how far that is.</summary>
    [Alias("verify")]
    [ResponseTimeout("00:00:05")]
    ValueTask<VerifyProgress> Verify(bool begin);

    /// <summary>Begins a backup of this node.</summary>
    [Alias("backup-open")]
    [ResponseTimeout("00:00:15")]
    ValueTask<BackupTicket> BackupOpen(Guid id, string who);

    /// <summary>A part of the backup.</summary>
    [Alias("backup-read")]
    [ResponseTimeout("00:00:30")]
    ValueTask<BackupPart> BackupRead(Guid id, long number);

    /// <summary>Ends the backup.</summary>
    [Alias("backup-close")]
    [ResponseTimeout("00:00:05")]
    ValueTask BackupClose(Guid id, bool isWhole);

    /// <summary>Asks the node to stop as on SIGTERM.</summary>
    [Alias("stop")]
    [ResponseTimeout("00:00:05")]
    ValueTask Shutdown();
}
