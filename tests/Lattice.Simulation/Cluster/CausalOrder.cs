using Lattice.Core.Verification;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Cluster;

/// <summary>
/// Holds the joined traces of all nodes against what must have caused what: no effect stands before its cause. What a trace has forgotten, or
/// was lost with a process, is passed over.
/// </summary>
internal static class CausalOrder
{
    public static void Check(CausalStory story, Coverage coverage)
    {
        Dictionary<(TraceKind Kind, int Node, uint Group, ulong Term, int Peer), ulong> votes = [];
        Dictionary<(uint Group, ulong Term), TraceEvent> leaders = [];
        Dictionary<(uint Group, ulong Term), List<TraceEvent>> appends = [];

        // What was in a log when its process began was caused in a former life, of which only the disk tells: then the order is that of the calendars.
        Dictionary<(int Node, uint Group), ulong> found = [];
        foreach (TraceEvent e in story.Events)
        {
            switch (e.Kind)
            {
                case TraceKind.VoteCast:
                    votes.TryAdd((e.Kind, e.Node, e.Group, e.Term, e.Peer), e.Lamport);
                    break;
                case TraceKind.BecameLeader:
                    leaders.TryAdd((e.Group, e.Term), e);
                    break;
                case TraceKind.ReplicaOpened:
                    found[(e.Node, e.Group)] = e.First;
                    break;
                case TraceKind.Appended:
                    if (!appends.TryGetValue((e.Group, e.Term), out List<TraceEvent>? list))
                    {
                        appends.Add((e.Group, e.Term), list = []);
                    }

                    list.Add(e);
                    break;
                default:
                    // An effect, or neither.
                    break;
            }
        }

        foreach (TraceEvent e in story.Events)
        {
            switch (e.Kind)
            {
                case TraceKind.VoteReceived when e.First == 0 && votes.TryGetValue((TraceKind.VoteCast, e.Peer, e.Group, e.Term, e.Node), out ulong cast):
                    Follows(e, cast, "the vote was cast", coverage);
                    break;
                case TraceKind.LeaderLearnt or TraceKind.BecameFollower when leaders.TryGetValue((e.Group, e.Term), out TraceEvent leader) && leader.Node == e.Peer:
                    Follows(e, leader.Lamport, "it became leader", coverage);
                    break;
                case TraceKind.AppendReceived when CauseOf(e, appends) is { } append:
                    Follows(e, append.Lamport, "the leader appended it", coverage);
                    break;
                case TraceKind.Applied when e.Index > found.GetValueOrDefault((e.Node, e.Group), ulong.MaxValue) && CauseOf(e, appends) is { } append:
                    Follows(e, append.Lamport, "the leader appended it", coverage);
                    break;
                default:
                    // A cause, or neither.
                    break;
            }
        }
    }

    // Entries bear the term of the leader that made them; what is received may have been made by an earlier one, and then has its cause there.
    private static TraceEvent? CauseOf(TraceEvent e, Dictionary<(uint Group, ulong Term), List<TraceEvent>> appends)
    {
        if (appends.TryGetValue((e.Group, e.Term), out List<TraceEvent>? list))
        {
            foreach (TraceEvent append in list)
            {
                if (append.First <= e.Index && e.Index <= append.Index && (e.Kind == TraceKind.Applied || append.Node == e.Peer))
                {
                    return append;
                }
            }
        }

        return null;
    }

    private static void Follows(TraceEvent effect, ulong cause, string what, Coverage coverage)
    {
        coverage.Count("trace: effects with their causes");
        if (effect.Lamport <= cause)
        {
            throw new SimulationFailure($"By the causal trace, node {effect.Node} {CausalStory.Sentence(effect)} at {effect.Lamport}, before {what} at {cause}.");
        }
    }
}
