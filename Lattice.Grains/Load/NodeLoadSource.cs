using Lattice.Core.Replication;
using Lattice.Core.Telemetry;

namespace Lattice.Grains;

/// <summary>Puts together what this node has to do.</summary>
public sealed class NodeLoadSource(NodeInfo node, ReplicaHost host, LoadHistory history)
{
    /// <summary>Its load since a moment.</summary>
    /// <param name="after">Milliseconds since 1970; 0: as far back as it is remembered.</param>
    public NodeLoad Get(long after)
    {
        HostStatus status = host.Status();
        VerificationFigures verification = host.Verification;
        ScrubStatus scrub = host.Scrub;
        return new NodeLoad
        {
            Node = node.Node,
            Page = node.PageAddress,
            Samples = [.. history.Since(after).Select(LoadPoint.Of)],
            Verifies = status.Replicas.All(r => r.Verification != Core.Verification.VerificationState.Off),
            Divergences = verification.Divergences,
            VerificationP50Us = verification.P50Us,
            VerificationP99Us = verification.P99Us,
            ScrubRounds = scrub.Completed,
            ScrubDifference = scrub.Difference,
            DiskFull = status.DiskFull,
        };
    }
}
