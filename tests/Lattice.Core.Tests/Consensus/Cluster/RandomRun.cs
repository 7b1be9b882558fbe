using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lattice.Core.Consensus;

namespace Lattice.Core.Tests.Consensus.Cluster;

/// <summary>
/// One random life of a cluster: messages are lost, repeated and reordered, nodes crash, lose their disk, get partitioned, change their
/// roles; then everything is healed and the cluster has to come to rest with equal logs. The seed decides everything.
/// </summary>
internal sealed class RandomRun
{
    private const int MaxInFlight = 400;

    private readonly Random random;
    private readonly TestCluster cluster = new();
    private readonly ProtocolChecker checker = new();
    private readonly int[] nodes;
    private readonly bool founding;
    private readonly bool leases;
    private readonly int calm;
    private int wipedNode;
    private int stopped;
    private int stoppedSteps;
    private ulong lastIncarnation = 1000;
    private ulong lastContext;
    private int proposals;

    public RandomRun(int seed)
    {
        random = new Random(seed);
        nodes = [.. Enumerable.Range(1, random.Next(3) == 0 ? 5 : 3)];
        founding = random.Next(4) == 0;
        leases = random.Next(4) == 0;
        calm = random.Next(3) switch { 0 => 1, 1 => 5, _ => 20 };
        var configuration = new Configuration
        {
            ClusterId = 7,
            Voters = [.. nodes],
            Incarnations = Configuration.Empty.Incarnations.AddRange(nodes.Select(node => KeyValuePair.Create(node, (ulong)node))),
        };
        foreach (int node in nodes)
        {
            TestReplica replica = cluster.Add(new TestReplica(node, (ulong)node, Configure));
            replica.Report = Note;
            replica.OnApplied = entry => checker.Applied(replica, entry);
            replica.OnJoinRequest = member => TakeIn(replica, member);
            if (!founding)
            {
                replica.Seed(new LogPosition(1, 1), configuration);
            }

            Start(replica);
        }
    }

    public ulong Committed => checker.Committed;

    public int AnsweredReads => checker.AnsweredReads;

    /// <summary>What happened, when <see cref="IsTracing"/>.</summary>
    public List<string> Trace { get; } = [];

    public bool IsTracing { get; init; }

    public void Trouble(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            Step();
        }
    }

    /// <summary>Ends all trouble; the cluster must take a write and spread it to all members.</summary>
    public void Heal()
    {
        cluster.Cuts.Clear();
        foreach (TestReplica replica in cluster.Replicas.Values.Where(replica => !replica.IsUp))
        {
            Start(replica);
        }

        bool proposed = false;
        ulong wanted = 0;
        for (int tick = 0; tick < 3000; tick++)
        {
            foreach (TestReplica replica in cluster.Replicas.Values)
            {
                replica.Raft.Tick();
            }

            Settle();
            TestReplica? leader = cluster.Replicas.Values.FirstOrDefault(replica => replica.Raft.Role == RaftRole.Leader);
            if (leader is null)
            {
                continue;
            }

            Keep(leader);
            if (!proposed && leader.Raft.Propose(Payload(), out LogPosition position) == ProposalStatus.Accepted)
            {
                proposed = true;
                wanted = position.Index;
            }

            if (proposed && leader.Raft.Configuration.Voters.Count == nodes.Length && !leader.Raft.Configuration.IsJoint
                && cluster.Replicas.Values.All(replica => replica.Applied.Index >= wanted && replica.Raft.Role is RaftRole.Leader or RaftRole.Follower))
            {
                return;
            }

            proposed &= leader.Raft.LastIndex >= wanted;
        }

        throw new InvalidOperationException("the cluster does not recover: " + string.Join("; ", cluster.Replicas.Values.Select(replica =>
            $"{replica.Node}/{replica.Incarnation} {replica.Raft.Role} term {replica.Raft.Term} leader {replica.Raft.Leader} last {replica.Raft.LastIndex} commit {replica.Raft.Commit} applied {replica.Applied.Index} {Describe.Configuration(replica.Raft.Configuration)} {string.Join(' ', replica.Raft.Progress)}")));
    }

    private void Step()
    {
        TestReplica replica = cluster.Replicas[nodes[random.Next(nodes.Length)]];
        int dice = random.Next(1000);
        stopped = stoppedSteps-- > 0 ? stopped : 0;
        if (stopped != 0 && random.Next(20) == 0 && cluster.Replicas[stopped].IsUp)
        {
            Read(cluster.Replicas[stopped]);
            Execute(cluster.Replicas[stopped]);
        }

        if (!replica.IsUp)
        {
            if (dice < 50)
            {
                Start(replica);
            }

            return;
        }

        switch (dice)
        {
            case < 420:
                DeliverSome();
                break;
            case < 600:
                Tick(replica);
                break;
            case < 720:
                Execute(replica);
                break;
            case < 850:
                replica.SyncOne();
                break;
            case < 920:
                proposals += replica.Raft.Propose(Payload(), out _) == ProposalStatus.Accepted ? 1 : 0;
                break;
            case < 945:
                Read(replica);
                break;
            default:
                if (random.Next(calm) == 0)
                {
                    Disturb(replica, dice);
                }

                break;
        }

        Check(replica);
        Keep(replica);
    }

    private void Disturb(TestReplica replica, int dice)
    {
        switch (dice)
        {
            case < 953:
                Note($"{replica.Node} crashes");
                replica.Crash();
                break;
            case < 956:
                cluster.Cut(replica.Node, nodes[random.Next(nodes.Length)]);
                break;
            case < 958:
                foreach (int other in nodes)
                {
                    cluster.Cut(replica.Node, other);
                }

                break;
            case < 960:
                // Its process stands still, or only its clock: the others may elect another leader without its noticing.
                stopped = replica.Raft.Leader != 0 ? replica.Raft.Leader : replica.Node;
                stoppedSteps = random.Next(100, 1500);
                break;
            case < 972:
                if (random.Next(3) == 0)
                {
                    cluster.Cuts.Clear();
                }

                break;
            case < 980:
                replica.Flush();
                if (random.Next(2) == 0 && replica.Durable.Position.Index > replica.Log.FirstIndex + 2 && replica.Durable.Position.Index <= replica.Raft.PersistedIndex)
                {
                    replica.Log.Compact(replica.Durable.Position.Index - (ulong)random.Next(3));
                }

                break;
            case < 985:
                replica.Raft.TransferLeadership(nodes[random.Next(nodes.Length)]);
                break;
            case < 988:
                replica.Raft.ReportPeerDown(nodes[random.Next(nodes.Length)]);
                break;
            case < 990:
                replica.Raft.Campaign();
                break;
            case < 994:
                DemoteSome(replica);
                break;
            case < 996:
                Wipe(replica);
                break;
            default:
                replica.Raft.ReportUnreachable(nodes[random.Next(nodes.Length)]);
                break;
        }
    }

    private void Tick(TestReplica replica)
    {
        if (!leases)
        {
            if (replica.Node != stopped)
            {
                replica.Raft.Tick();
            }
        }
        else if (random.Next(nodes.Length) == 0)
        {
            // Leases rest on clocks that run at the same rate.
            foreach (TestReplica other in cluster.Replicas.Values.Where(other => other.IsUp))
            {
                other.Raft.Tick();
            }
        }
    }

    private void DeliverSome()
    {
        for (int i = random.Next(1, 4); i > 0 && cluster.InFlight.Count > 0; i--)
        {
            int place = random.Next(Math.Min(cluster.InFlight.Count, 12));
            Message message = cluster.InFlight[place];
            if (random.Next(50) != 0)
            {
                cluster.InFlight.RemoveAt(place);
            }

            if (random.Next(25) != 0)
            {
                Note(IsTracing ? Describe.Message(message) : string.Empty);
                cluster.Deliver(message);
                if (cluster.Replicas.TryGetValue(message.To, out TestReplica? to))
                {
                    Check(to);
                }
            }
        }

        if (cluster.InFlight.Count > MaxInFlight)
        {
            cluster.InFlight.RemoveRange(0, MaxInFlight / 2);
        }
    }

    private void Execute(TestReplica replica)
    {
        ulong before = Math.Min(replica.Log.LastIndex, replica.Raft.Commit) + 1;
        if (replica.Execute())
        {
            Note($"{replica.Node}/{replica.Incarnation} {replica.Raft.Role} term {replica.Raft.Term} log {replica.Log.Compacted.Index} to {replica.Log.LastIndex} persisted {replica.Raft.PersistedIndex} commit {replica.Raft.Commit}");
            Check(replica, before);
        }
    }

    private void Check(TestReplica replica, ulong from = ulong.MaxValue)
    {
        if (replica.IsUp)
        {
            checker.Check(replica, from);
            checker.CheckReads(replica);
        }
    }

    private void Read(TestReplica replica)
    {
        checker.ReadBegan(replica, ++lastContext);
        replica.Raft.ReadIndex(lastContext);
    }

    /// <summary>One disk at a time is lost, the next one when the first node votes again: Raft can promise nothing when a majority loses its disks.</summary>
    private void Wipe(TestReplica replica)
    {
        if (!cluster.Replicas.Values.Any(other => other != replica && other.IsUp && other.Raft.PersistedIndex >= checker.Committed && other.Applied.Index + 20 >= checker.Committed))
        {
            // With a single voter, nobody else may hold what was committed; then its disk is all there is.
            return;
        }

        if (wipedNode != 0 ? !IsTakenIn(cluster.Replicas[wipedNode]) : founding && !cluster.Replicas.Values.All(IsTakenIn))
        {
            return;
        }

        wipedNode = replica.Node;
        replica.Replace(++lastIncarnation, null);
        Note($"{replica.Node} is wiped, now incarnation {lastIncarnation}");
        Start(replica);
    }

    /// <summary>Whether everybody knows that the new incarnation votes, so that nothing rests on the lost one any more.</summary>
    private bool IsTakenIn(TestReplica wiped) => cluster.Replicas.Values.All(replica =>
        replica.IsUp && replica.Raft.Configuration.Accepts(wiped.Node, wiped.Incarnation) && replica.Raft.Configuration.Voters.Count == nodes.Length
        && replica.Raft.PersistedIndex >= checker.Committed);

    private void DemoteSome(TestReplica replica)
    {
        Configuration configuration = replica.Raft.Configuration;
        ImmutableArray<MemberChange> changes = [.. configuration.Voters
            .OrderBy(_ => random.Next())
            .Take(random.Next(1, nodes.Length - 1))
            .Where(node => configuration.IncarnationOf(node) != 0)
            .Select(node => new MemberChange(MemberChangeKind.Learner, node, configuration.IncarnationOf(node)))];
        if (changes.Length > 0)
        {
            replica.Raft.ProposeConfiguration(new ConfigurationChange(changes), out _);
        }
    }

    private static void TakeIn(TestReplica replica, Member member)
    {
        if (replica.IsUp && ConfigurationChange.TakeIn(replica.Raft.Configuration, member) is { } change)
        {
            replica.Raft.ProposeConfiguration(change, out _);
        }
    }

    /// <summary>What the host of a leader does: promotes learners that have caught up.</summary>
    private void Keep(TestReplica replica)
    {
        if (!replica.IsUp || replica.Raft.Role != RaftRole.Leader || random.Next(20) != 0)
        {
            return;
        }

        foreach (PeerProgress peer in replica.Raft.Progress)
        {
            if (peer.State == ProgressState.Snapshot && !cluster.InFlight.Exists(message => message.Kind is MessageKind.SnapshotChunk or MessageKind.SnapshotChunkReply))
            {
                // The stream was lost.
                replica.Raft.ReportSnapshot(peer.Node, false);
            }
        }

        foreach (PeerProgress peer in replica.Raft.Progress)
        {
            if (replica.Raft.Configuration.Learners.Contains(peer.Node) && peer.Incarnation != 0 && peer.RecentActive && peer.Match >= replica.Raft.Commit)
            {
                replica.Raft.ProposeConfiguration(ConfigurationChange.Voter(peer.Node, peer.Incarnation), out _);
                return;
            }
        }

    }

    private void Note(string line)
    {
        if (IsTracing)
        {
            Trace.Add(line);
        }
    }

    private void Start(TestReplica replica) => replica.Start(mayFound: founding, nodes);

    private void Settle()
    {
        for (int round = 0; round < 200; round++)
        {
            bool busy = false;
            foreach (TestReplica replica in cluster.Replicas.Values)
            {
                while (replica.Raft.HasReady)
                {
                    Execute(replica);
                    busy = true;
                }

                while (replica.SyncOne())
                {
                    busy = true;
                }

                Check(replica);
            }

            Message[] delivered = [.. cluster.InFlight];
            cluster.InFlight.Clear();
            foreach (Message message in delivered)
            {
                cluster.Deliver(message);
            }

            if (!busy && delivered.Length == 0)
            {
                return;
            }
        }

        throw new InvalidOperationException("the replicas talk for ever");
    }

    private byte[] Payload() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"p{++proposals}"));

    private RaftOptions Configure(RaftOptions options) => options with
    {
        Random = new Random(random.Next()),
        ElectionTicks = 6,
        MaxEntriesPerAppend = 3,
        MaxInflightAppends = 4,
        MaxCommittedBytes = 200,
        LeaseReads = leases,
    };
}
