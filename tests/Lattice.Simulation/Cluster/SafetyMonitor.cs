using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Simulation.Runtime;
using Lattice.Simulation.State;

namespace Lattice.Simulation.Cluster;

/// <summary>
/// Watches all replicas at once, as no replica can: one leader in a term, one entry at an index, one state after an index.
/// It sees a violation when it happens, long before a client would.
/// </summary>
internal sealed class SafetyMonitor(Trace trace, Coverage coverage)
{
    private const int StatesComparedEvery = 25;

    private readonly Dictionary<(uint Group, ulong Term), int> _leaders = [];
    private readonly Dictionary<(uint Group, ulong Index), (ulong Term, int Node)> _applied = [];
    private readonly Dictionary<(uint Group, ulong Index), (ulong Hash, GroupPicture Picture, int Node)> _states = [];
    private readonly Dictionary<(int Node, uint Group), Seen> _seen = [];

    /// <summary>A replica has run.</summary>
    public void Ran(NodeProcess process, Replica replica)
    {
        ReplicaStatus status = replica.Status;
        int node = process.Machine.Id;
        Seen seen = _seen.GetValueOrDefault((node, replica.Group));
        if (!ReferenceEquals(seen.Process, process))
        {
            seen = new Seen(process, RaftRole.Follower, 0, 0);
        }

        if (status.Role == RaftRole.Leader)
        {
            if (!_leaders.TryAdd((replica.Group, status.Term), node) && _leaders[(replica.Group, status.Term)] != node)
            {
                throw new SimulationFailure($"Group {replica.Group} has two leaders in term {status.Term}: nodes {_leaders[(replica.Group, status.Term)]} and {node}.");
            }

            if (seen.Role != RaftRole.Leader || seen.Term != status.Term)
            {
                coverage.Count("raft: leaders elected");
            }
        }

        if (status.Term < seen.Term || status.Applied.Index < seen.Applied)
        {
            throw new SimulationFailure($"Node {node}, group {replica.Group}: went back from term {seen.Term}, applied {seen.Applied} to term {status.Term}, applied {status.Applied.Index}.");
        }

        if (status.Role != seen.Role)
        {
            trace.Line(node, $"group {replica.Group}: {seen.Role} becomes {status.Role} in term {status.Term}");
            coverage.Count($"raft: became {status.Role}");
        }

        if (status.Applied.Index > seen.Applied)
        {
            Applied(process, replica, status.Applied);
        }

        trace.Mix(((ulong)node << 32) | replica.Group, status.Applied.Index);
        _seen[(node, replica.Group)] = new Seen(process, status.Role, status.Term, status.Applied.Index);
    }

    private void Applied(NodeProcess process, Replica replica, LogPosition position)
    {
        int node = process.Machine.Id;
        (uint Group, ulong Index) at = (replica.Group, position.Index);
        if (!_applied.TryAdd(at, (position.Term, node)) && _applied[at].Term != position.Term)
        {
            throw new SimulationFailure($"Group {replica.Group}, index {position.Index}: node {_applied[at].Node} applied an entry of term {_applied[at].Term}, node {node} one of term {position.Term}.");
        }

        if (position.Index % StatesComparedEvery != 0)
        {
            return;
        }

        GroupPicture picture = process.Machine.Picture(replica.Group);
        ulong fingerprint = picture.Fingerprint();
        if (!_states.TryAdd(at, (fingerprint, picture, node)))
        {
            coverage.Count("monitor: states compared");
            if (_states[at].Hash != fingerprint)
            {
                throw new SimulationFailure($"Group {replica.Group}: the states of nodes {_states[at].Node} and {node} differ after entry {position.Index}:{Environment.NewLine}{_states[at].Picture.DifferencesFrom(picture)}");
            }
        }
    }

    private readonly record struct Seen(NodeProcess? Process, RaftRole Role, ulong Term, ulong Applied);
}
