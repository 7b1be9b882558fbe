using Lattice.Core.Consensus;

namespace Lattice.Core.Tests.Consensus.Cluster;

/// <summary>
/// Watches a cluster for what Raft promises (Raft paper, figure 3): election safety, log matching, leader completeness, state machine safety; and
/// that a read index covers everything that was committed when the read began.
/// </summary>
internal sealed class ProtocolChecker
{
    private readonly Dictionary<ulong, (int Node, ulong Incarnation)> leaders = [];
    private readonly Dictionary<LogPosition, (ulong PreviousTerm, ReadOnlyMemory<byte> Data)> entries = [];
    private readonly Dictionary<(int Node, ulong Context), ulong> reads = [];
    private readonly Dictionary<ulong, ulong> committed = [];

    /// <summary>Highest index that any replica has applied.</summary>
    public ulong Committed { get; private set; }

    /// <summary>Reads that were answered with an index.</summary>
    public int AnsweredReads { get; private set; }

    public void Applied(TestReplica replica, Entry entry)
    {
        Require(!committed.TryGetValue(entry.Index, out ulong term) || term == entry.Term, $"node {replica.Node} applies entry {entry.Index} of term {entry.Term}, another applied it with term {term}");
        committed[entry.Index] = entry.Term;
        Committed = Math.Max(Committed, entry.Index);
    }

    /// <summary>Checks a replica after it did something.</summary>
    public void Check(TestReplica replica, ulong logCheckedFrom)
    {
        if (replica.Raft.Role == RaftRole.Leader)
        {
            CheckLeader(replica);
        }

        MemoryLog log = replica.Log;
        for (ulong index = Math.Max(logCheckedFrom, log.FirstIndex); index <= log.LastIndex; index++)
        {
            Entry entry = log.All[(int)(index - log.FirstIndex)];
            var position = new LogPosition(entry.Index, entry.Term);
            ulong previous = log.Term(index - 1);
            if (!entries.TryAdd(position, (previous, entry.Data)))
            {
                (ulong PreviousTerm, ReadOnlyMemory<byte> Data) known = entries[position];
                Require(known.PreviousTerm == previous && known.Data.Span.SequenceEqual(entry.Data.Span), $"two entries {position} differ, one at node {replica.Node}");
            }
        }
    }

    public void ReadBegan(TestReplica replica, ulong context) => reads[(replica.Node, context)] = Committed;

    public void CheckReads(TestReplica replica)
    {
        foreach (ReadState read in replica.Reads)
        {
            if (!read.Refused && reads.Remove((replica.Node, read.Context), out ulong least))
            {
                AnsweredReads++;
                Require(read.Index >= least, $"a read at node {replica.Node} got index {read.Index}, but {least} was committed before it began");
            }
        }

        replica.Reads.Clear();
    }

    private void CheckLeader(TestReplica replica)
    {
        (int Node, ulong Incarnation) self = (replica.Node, replica.Incarnation);
        if (leaders.TryGetValue(replica.Raft.Term, out (int Node, ulong Incarnation) known))
        {
            Require(known == self, $"term {replica.Raft.Term} has the leaders {known} and {self}");
            return;
        }

        leaders[replica.Raft.Term] = self;
        foreach ((ulong index, ulong term) in committed)
        {
            Require(index <= replica.Raft.LastIndex, $"node {replica.Node} leads term {replica.Raft.Term} with a log that ends at {replica.Raft.LastIndex}, but {index} is committed");
            if (index >= replica.Log.FirstIndex && index <= replica.Log.LastIndex)
            {
                Require(replica.Log.Term(index) == term, $"node {replica.Node} leads term {replica.Raft.Term} with entry {index} of term {replica.Log.Term(index)}, but that of term {term} is committed");
            }
        }
    }

    private static void Require(bool holds, string violation)
    {
        if (!holds)
        {
            throw new InvalidOperationException(violation);
        }
    }
}
