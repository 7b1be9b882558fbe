using Lattice.Core.Replication;
using Lattice.Core.Verification;
using Lattice.Grains.Frames;
using Lattice.Grains.Verification;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains;

/// <summary>The replica service of this silo: hands on to the node's <see cref="ReplicaHost"/>.</summary>
public sealed class ReplicaService(
    GrainId id,
    Silo silo,
    ILoggerFactory loggerFactory,
    ReplicaHost host,
    FrameReceiver frames,
    HostShards shards,
    NodeStatusSource status,
    NodeFacts facts,
    DrillHall drills,
    NodeTraceSource trace,
    NodeLoadSource load,
    BackupDesk backups,
    SampleSource samples,
    HaltNotices halts,
    IHostApplicationLifetime lifetime) : GrainService(id, silo, loggerFactory), IReplicaService
{
    /// <inheritdoc/>
    public ValueTask Deliver(ReadOnlyMemory<byte> frame)
    {
        frames.Take(frame);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DeliverAnswered(ReadOnlyMemory<byte> frame) => Deliver(frame);

    /// <inheritdoc/>
    public ValueTask<ShardReply> Write(uint group, ReadOnlyMemory<byte> batch) => new(shards.WriteAsync(group, batch));

    /// <inheritdoc/>
    public ValueTask<NodeStatus> GetStatus() => ValueTask.FromResult(status.Get());

    /// <inheritdoc/>
    public ValueTask<NodeTrace> GetTrace(uint? group, int last) => ValueTask.FromResult(trace.Get(group, last));

    /// <inheritdoc/>
    public ValueTask<NodeLoad> GetLoad(long after) => ValueTask.FromResult(load.Get(after));

    /// <inheritdoc/>
    public ValueTask Ping() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> Compare(ReadOnlyMemory<byte> question) =>
        await host.CompareAsync(EvidenceCodec.DecodeQuestion(question)) is { } answer ? EvidenceCodec.Encode(answer) : default(ReadOnlyMemory<byte>);

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> Testify(ReadOnlyMemory<byte> question)
    {
        // The binary is read the first time: not on a thread that others wait for.
        ReportedNode self = await Task.Run(facts.Get);
        return EvidenceCodec.Encode(await host.TestifyAsync(EvidenceCodec.DecodeTestimonyQuestion(question), self));
    }

    /// <inheritdoc/>
    public ValueTask PeerDiverged(int node, uint group, string what)
    {
        host.PeerDiverged(node, group, what);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask PeerHalted(Incident halt)
    {
        halts.Add(halt);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask<ReplicaSample?> Sample(uint group, ulong index) => await samples.GetAsync(group, index);

    /// <inheritdoc/>
    public ValueTask<DrillReply> Drill(string kind, uint group, string who) => drills.RunAsync(kind, group, who);

    /// <inheritdoc/>
    public ValueTask<VerifyProgress> Verify(bool begin)
    {
        long round = begin ? host.DemandScrub() : 0;
        ScrubStatus scrub = host.Scrub;
        return ValueTask.FromResult(new VerifyProgress
        {
            Round = round,
            Completed = scrub.Completed,
            Part = scrub.Part,
            PartsDone = scrub.PartsDone,
            Parts = scrub.Parts,
            Bytes = scrub.Bytes,
            Difference = scrub.Difference,
        });
    }

    /// <inheritdoc/>
    public ValueTask<BackupTicket> BackupOpen(Guid id, string who) => backups.OpenAsync(id, who);

    /// <inheritdoc/>
    public ValueTask<BackupPart> BackupRead(Guid id, long number) => backups.ReadAsync(id, number);

    /// <inheritdoc/>
    public ValueTask BackupClose(Guid id, bool isWhole) => backups.CloseAsync(id, isWhole);

    /// <inheritdoc/>
    public ValueTask Shutdown()
    {
        lifetime.StopApplication();
        return ValueTask.CompletedTask;
    }
}
