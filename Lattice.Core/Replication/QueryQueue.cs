using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>
/// The linearizable reads of a group on one replica. Reads that arrive while a read index is being asked for share the
/// next one; when it is known and applied here, all of them are answered from this replica's state.
/// </summary>
internal sealed class QueryQueue(ReplicaSettings settings, ReplicaInbox inbox)
{
    private readonly Dictionary<ulong, Round> rounds = [];
    private readonly List<(ulong Index, Round Round)> confirmed = [];
    private List<Query> waiting = [];
    private ulong lastContext;

    private readonly record struct Query(ReadOnlyMemory<byte> Batch, Action<Outcome> Completed);

    private sealed record Round(List<Query> Queries)
    {
        public int Age { get; set; }
    }

    public void Add(ReadOnlyMemory<byte> batch, Action<Outcome> completed) => waiting.Add(new Query(batch, completed));

    /// <summary>Asks for a read index for all that wait, unless one is being asked for already.</summary>
    public void Ask(RaftNode node)
    {
        if (waiting.Count == 0 || rounds.Count > 0)
        {
            return;
        }

        ulong context = ++lastContext;
        rounds.Add(context, new Round(waiting));
        waiting = [];
        node.ReadIndex(context);
    }

    /// <summary>Takes the answer of Raft.</summary>
    public void Confirm(ReadState state, int leader)
    {
        if (!rounds.Remove(state.Context, out Round? round))
        {
            return;
        }

        if (state.Refused)
        {
            Refuse(round.Queries, OutcomeKind.NotLeader, leader);
        }
        else
        {
            confirmed.Add((state.Index, round));
        }
    }

    /// <summary>Answers the reads whose read index has been applied.</summary>
    public void Answer(StateMachine state, int leader)
    {
        for (int i = 0; i < confirmed.Count; i++)
        {
            (ulong index, Round round) = confirmed[i];
            if (index <= state.Applied.Index)
            {
                confirmed.RemoveAt(i--);
                foreach (Query query in round.Queries)
                {
                    inbox.QueryDone();
                    query.Completed(new Outcome(OutcomeKind.Done, state.Query(query.Batch), leader));
                }
            }
        }
    }

    /// <summary>Gives up reads whose question or answer was lost: after an election timeout the caller had better ask anew.</summary>
    public void Tick(int leader)
    {
        foreach ((ulong context, Round round) in rounds)
        {
            if (++round.Age > settings.ElectionTicks)
            {
                rounds.Remove(context);
                Refuse(round.Queries, OutcomeKind.NotLeader, leader);
            }
        }

        for (int i = 0; i < confirmed.Count; i++)
        {
            if (++confirmed[i].Round.Age > 4 * settings.ElectionTicks)
            {
                Refuse(confirmed[i].Round.Queries, OutcomeKind.NotLeader, leader);
                confirmed.RemoveAt(i--);
            }
        }
    }

    /// <summary>Answers everything that waits.</summary>
    public void RefuseAll(OutcomeKind kind)
    {
        foreach (Round round in rounds.Values)
        {
            Refuse(round.Queries, kind, 0);
        }

        foreach ((_, Round round) in confirmed)
        {
            Refuse(round.Queries, kind, 0);
        }

        Refuse(waiting, kind, 0);
        rounds.Clear();
        confirmed.Clear();
        waiting = [];
    }

    private void Refuse(List<Query> queries, OutcomeKind kind, int leader)
    {
        foreach (Query query in queries)
        {
            inbox.QueryDone();
            query.Completed(Outcome.Failed(kind, leader));
        }
    }
}
