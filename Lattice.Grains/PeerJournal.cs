using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains;

/// <summary>Tells in the log which nodes come and go.</summary>
public sealed partial class PeerJournal(NodeInfo node, IClusterMembershipService membership, ILogger<PeerJournal> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var known = new Dictionary<SiloAddress, SiloStatus>();
        try
        {
            await foreach (ClusterMembershipSnapshot snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken).ConfigureAwait(false))
            {
                foreach (ClusterMember member in snapshot.Members.Values)
                {
                    bool isNew = !known.TryGetValue(member.SiloAddress, out SiloStatus before);
                    known[member.SiloAddress] = member.Status;
                    if (before != member.Status && member.Name != NodeInfo.SiloName(node.Node))
                    {
                        Tell(member, before, isNew);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private void Tell(ClusterMember member, SiloStatus before, bool isNew)
    {
        switch (member.Status)
        {
            case SiloStatus.Active:
                LogUp(member.Name, member.SiloAddress.Endpoint);
                break;
            case SiloStatus.ShuttingDown or SiloStatus.Stopping when before is not SiloStatus.ShuttingDown:
                LogStopping(member.Name, member.SiloAddress.Endpoint);
                break;
            case SiloStatus.Dead when !isNew && before is SiloStatus.Active or SiloStatus.Joining:
                LogDead(member.Name, member.SiloAddress.Endpoint);
                break;
            default:
                break;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} is up at {Address}")]
    private partial void LogUp(string node, System.Net.IPEndPoint address);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} at {Address} is stopping")]
    private partial void LogStopping(string node, System.Net.IPEndPoint address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Node} at {Address} is down: it did not stop in order, and does not answer")]
    private partial void LogDead(string node, System.Net.IPEndPoint address);
}
