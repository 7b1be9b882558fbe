using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Faults;

/// <summary>
/// Whoever decides which nodes belong to the cluster: knows what is wanted and asks the leader of each group, again and again, until it
/// is so. One change that gets lost with its leader therefore does not matter.
/// </summary>
internal sealed class MembershipOperator(SimulatedCluster cluster, SeededRandom random)
{
    private readonly SortedSet<int> _removed = [];
    private readonly bool _careful = random.Chance(0.6);

    /// <summary>Nodes that shall not be members.</summary>
    public IReadOnlySet<int> Removed => _removed;

    /// <summary>Begins to work.</summary>
    public void Start() => cluster.Clock.After(random.Between(100L, 600L) * VirtualClock.Millisecond, () =>
    {
        foreach (uint group in cluster.Groups)
        {
            if (cluster.LeaderOf(group, out int leader) is { } status && NextChange(group, status) is { } change)
            {
                Propose(leader, group, change);
            }
        }

        Start();
    });

    /// <summary>
    /// All nodes are there again. Groups of which most voters came back with nothing wait for somebody to say that they shall go on with what is left. Here nothing
    /// was lost, since only one node at a time loses anything: <see cref="Losses"/>.
    /// </summary>
    public void DecideRecoveries() => cluster.Clock.After(VirtualClock.Second, () =>
    {
        foreach (uint group in cluster.Groups)
        {
            foreach (Machine machine in cluster.Machines)
            {
                cluster.Do(machine.Id, group, replica => Decide(machine.Id, replica));
            }
        }

        DecideRecoveries();
    });

    /// <summary>The node shall be removed from all groups.</summary>
    public void Remove(int node) => _removed.Add(node);

    /// <summary>The node shall be a member again.</summary>
    public void Readmit(int node) => _removed.Remove(node);

    /// <summary>Asks for one change, once.</summary>
    public void Propose(int leader, uint group, ConfigurationChange change) => cluster.Do(leader, group, replica =>
    {
        ProposalStatus status = replica.Raft.ProposeConfiguration(change, out LogPosition position);
        cluster.Coverage.Count($"membership: proposals {status}");
        cluster.Trace.Line(leader, $"group {group}: is asked for {string.Join(", ", change.Changes)}: {status} {position}");
    });

    private void Decide(int node, Replica replica)
    {
        if (replica.Raft.RecoveryNeedsDecision)
        {
            cluster.Coverage.Count("membership: recoveries decided");
            cluster.Trace.Line(node, $"group {replica.Group}: the operator decides that it goes on with what is left");
            replica.Raft.ForceRecovery();
        }
    }

    private ConfigurationChange? NextChange(uint group, ReplicaStatus status)
    {
        Configuration configuration = status.Configuration;
        if (configuration.IsJoint)
        {
            return null;
        }

        foreach (int node in configuration.Voters.Union(configuration.Learners))
        {
            // A careful operator does not send a good node away while another one is not what the group takes it for. After a careless one
            // there may be no majority left, and the group has to recover by itself once all that remain can be heard.
            if (_removed.Contains(node) && (!_careful || Losses.AllIntact(cluster, group, status, except: node)))
            {
                return ConfigurationChange.Remove(node);
            }
        }

        foreach (int node in configuration.Removed)
        {
            if (!_removed.Contains(node))
            {
                return ConfigurationChange.Readmit(node);
            }
        }

        return NewMember(configuration);
    }

    /// <summary>A machine that was built later is in the configuration files of the others only when they have been started since.</summary>
    private ConfigurationChange? NewMember(Configuration configuration)
    {
        foreach (Machine machine in cluster.Machines)
        {
            if (!_removed.Contains(machine.Id) && !configuration.IsMember(machine.Id) && !configuration.Removed.Contains(machine.Id)
                && machine.Process is { Alive: true } process)
            {
                return ConfigurationChange.Learner(machine.Id, process.Core.Identity.Incarnation);
            }
        }

        return null;
    }
}
