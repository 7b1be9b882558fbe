using System.Globalization;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.Upgrade;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains;

/// <summary>What operations ask of this node: hands on to its <see cref="ReplicaHost"/>.</summary>
public sealed partial class OperatorService(GrainId id, Silo silo, ILoggerFactory loggerFactory, ReplicaHost host, NodeTaskDesk tasks, BackupDesk backups, NodeInfo node, IHostApplicationLifetime lifetime)
    : GrainService(id, silo, loggerFactory), IOperatorService
{
    private ILogger Logger { get; } = loggerFactory.CreateLogger("Lattice.Operations");

    /// <inheritdoc/>
    public ValueTask<NodeTask> Snapshot(Guid id) => ValueTask.FromResult(tasks.Run(id, progress =>
    {
        WrittenSnapshot written = host.WriteSnapshot(progress)
            ?? throw new NodeTaskFailedException("One of its groups did not show its state within 10 s: the node is too busy, or stopping. Try again, or take the snapshot of another node.");
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["path"] = written.Path,
            ["bytes"] = Text(written.Bytes),
            ["appliedIndex"] = Text(written.Number),
            ["appliedIndexes"] = string.Join(' ', written.Applied.Select(Text)),
        };
    }));

    /// <inheritdoc/>
    public ValueTask<NodeTask> CompactLog(Guid id, long keep) => ValueTask.FromResult(tasks.Run(id, _ =>
    {
        CompactedLog compacted = host.CompactLog((ulong)keep);
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["freedBytes"] = Text(compacted.FreedBytes),
            ["removedSegments"] = Text(compacted.RemovedSegments),
            ["droppedEntries"] = Text(compacted.Groups.Aggregate(0UL, (sum, group) => sum + group.Dropped)),
            ["keptEntries"] = Text(compacted.Groups.Aggregate(0UL, (sum, group) => sum + group.Kept)),
        };
    }));

    /// <inheritdoc/>
    public ValueTask<NodeTask> Backup(Guid id) => ValueTask.FromResult(backups.Look(id));

    /// <inheritdoc/>
    public ValueTask<NodeMembership> Membership()
    {
        HostStatus status = host.Status();
        return ValueTask.FromResult(new NodeMembership
        {
            Node = status.Identity.Node,
            Incarnation = status.Identity.Incarnation,
            PreferredLeader = host.Preference.Node,
            Registered = host.Registry.Addresses.ToDictionary(),
            Groups = [.. status.Replicas.Select(Describe)],
            Level = status.Level,
            NewestLevel = FeatureLevels.Newest,
            Version = node.Version,
        });
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PreferLeader(int node) => await host.PreferLeaderAsync(node) == OutcomeKind.Done;

    /// <inheritdoc/>
    public async ValueTask<bool> Register(int node, string address) => await host.RegisterAsync(node, address.Length > 0 ? address : null) == OutcomeKind.Done;

    /// <inheritdoc/>
    public async ValueTask<bool> RaiseLevel() => await host.RaiseLevelAsync() == RaiseOutcome.Done;

    /// <inheritdoc/>
    public ValueTask TransferLeadership(uint group, int to)
    {
        host.TransferLeadership(group, to);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask ChangeMembers(uint group, MembershipStep change, int node, ulong incarnation)
    {
        // Whoever asked looks at the members afterwards: also an accepted proposal can get lost with its leader.
        await host.ChangeMembersAsync(group, change switch
        {
            MembershipStep.Learn => ConfigurationChange.Learner(node, incarnation),
            MembershipStep.Remove => ConfigurationChange.Remove(node),
            _ => ConfigurationChange.Readmit(node),
        });
    }

    /// <inheritdoc/>
    public ValueTask ForceElection(uint group)
    {
        host.ForceRecovery(group);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask Leave(string who)
    {
        LogLeaves(Logger, who);
        lifetime.StopApplication();
        return ValueTask.CompletedTask;
    }

    private static GroupMembership Describe(ReplicaStatus replica) => new()
    {
        Group = replica.Group,
        Leads = replica.Role == RaftRole.Leader,
        IsAble = replica.Role is RaftRole.Leader or RaftRole.Follower or RaftRole.Candidate or RaftRole.PreCandidate,
        Term = replica.Term,
        Commit = replica.Commit,
        Applied = replica.Applied.Index,
        LastIndex = replica.LastIndex,
        LastTerm = replica.LastTerm,
        Voters = [.. replica.Configuration.Voters],
        Learners = [.. replica.Configuration.Learners],
        Removed = [.. replica.Configuration.Removed],
        IsJoint = replica.Configuration.IsJoint,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "This node was removed from the cluster by {Who} and stops. Started again, it takes no part; 'lattice admin add-node' takes it back")]
    private static partial void LogLeaves(ILogger logger, string who);

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(format: null, CultureInfo.InvariantCulture);
}
