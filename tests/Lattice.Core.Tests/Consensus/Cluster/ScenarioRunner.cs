using System.Globalization;
using System.Text;
using Lattice.Core.Consensus;

namespace Lattice.Core.Tests.Consensus.Cluster;

/// <summary>
/// Executes the commands of a scenario. Node N starts under incarnation N1 (node 3: 31) with the timeouts of <see cref="FixedTimeouts"/>; a
/// group made by <c>cluster</c> begins with the configuration as entry 1 of term 1, applied everywhere.
/// </summary>
internal sealed class ScenarioRunner
{
    private readonly TestCluster cluster = new();
    private readonly Dictionary<int, (RaftRole Role, ulong Term)> known = [];
    private readonly HashSet<int> stalled = [];
    private readonly StringBuilder output = new();
    private int[] peers = [];
    private bool tracing;
    private Func<RaftOptions, RaftOptions> configure = options => options;

    public string Execute(string command)
    {
        output.Clear();
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            Execute(words[0], words[1..]);
        }
        catch (InvariantViolationException violation)
        {
            Line($"violation: {violation.Rule}: {violation.Seen}, but {violation.Known}");
        }

        return output.ToString();
    }

    private void Execute(string verb, string[] words)
    {
        switch (verb)
        {
            case "options":
                SetOptions(words);
                break;
            case "cluster":
                Found(words);
                break;
            case "start":
                Start(words);
                break;
            case "log":
                SetLog(Node(words[0]), words[1..]);
                break;
            case "tick":
                Tick(words);
                break;
            case "settle" or "trace":
                Settle(verb is "trace");
                break;
            case "round":
                tracing = true;
                for (ulong left = words.Length > 0 ? Number(words[0]) : 1; left > 0; left--)
                {
                    Round();
                }

                break;
            case "run":
                Run(Node(words[0]));
                break;
            case "drop":
                cluster.InFlight.Clear();
                break;
            case "cut" or "isolate" or "heal":
                Network(verb, words);
                break;
            case "crash" or "restart" or "wipe" or "restore" or "stall" or "sync":
                Life(verb, words);
                break;
            case "compact":
                Compact(Node(words[0]), Number(words[1]));
                break;
            case "status" or "logs" or "progress" or "config" or "answers":
                Show(verb, words);
                break;
            default:
                Act(verb, Node(words[0]).Raft, words[1..]);
                break;
        }
    }

    private void Act(string verb, RaftNode raft, string[] words)
    {
        switch (verb)
        {
            case "campaign":
                raft.Campaign();
                break;
            case "propose":
                Refused(raft.Propose(Encoding.UTF8.GetBytes(string.Join(' ', words)), out _));
                break;
            case "change":
                Refused(raft.ProposeConfiguration(new ConfigurationChange([.. string.Join(' ', words).Split(',').Select(Change)]), out _));
                break;
            case "read":
                raft.ReadIndex(Number(words[0]));
                break;
            case "transfer":
                raft.TransferLeadership((int)Number(words[0]));
                break;
            case "down":
                raft.ReportPeerDown((int)Number(words[0]));
                break;
            case "force":
                raft.ForceRecovery();
                break;
            default:
                throw new InvalidOperationException($"A scenario has the unknown command '{verb}'.");
        }

        ReportRoles();
    }

    private static MemberChange Change(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (int node, ulong incarnation) = Member(words[1]);
        return new MemberChange(Enum.Parse<MemberChangeKind>(words[0], ignoreCase: true), node, incarnation);
    }

    private void SetOptions(string[] words)
    {
        Func<RaftOptions, RaftOptions> before = configure;
        foreach (string word in words)
        {
            string[] pair = word.Split('=');
            int value = pair.Length > 1 ? (int)Number(pair[1]) : 1;
            Func<RaftOptions, RaftOptions> inner = before;
            before = pair[0] switch
            {
                "lease-reads" => options => inner(options) with { LeaseReads = true },
                "max-inflight" => options => inner(options) with { MaxInflightAppends = value },
                "max-entries" => options => inner(options) with { MaxEntriesPerAppend = value },
                "max-uncommitted" => options => inner(options) with { MaxUncommittedBytes = value },
                _ => throw new InvalidOperationException($"A scenario has the unknown option '{word}'."),
            };
        }

        configure = before;
    }

    // cluster 1 2 3 [learners 4] | cluster founders 1 2 3
    private void Found(string[] words)
    {
        bool founding = words[0] is "founders";
        int split = Array.IndexOf(words, "learners");
        int[] voters = [.. (split < 0 ? words : words[..split]).Where(word => word is not "founders").Select(word => (int)Number(word))];
        int[] learners = split < 0 ? [] : [.. words[(split + 1)..].Select(word => (int)Number(word))];
        peers = [.. voters, .. learners];
        var configuration = new Configuration
        {
            ClusterId = 7,
            Voters = [.. voters],
            Learners = [.. learners],
            Incarnations = Configuration.Empty.Incarnations.AddRange(peers.Select(node => KeyValuePair.Create(node, FirstIncarnation(node)))),
        };
        foreach (int node in peers)
        {
            TestReplica replica = Create(node, FirstIncarnation(node));
            if (!founding)
            {
                replica.Seed(new LogPosition(1, 1), configuration);
                replica.Start(peers: peers);
                Know(replica);
            }
        }
    }

    // start 1 2 (founders) | start 4/41 peers 1 2 3 (a new node)
    private void Start(string[] words)
    {
        foreach (string word in words)
        {
            (int node, ulong incarnation) = Member(word);
            TestReplica replica = cluster.Replicas.TryGetValue(node, out TestReplica? found) ? found : Create(node, incarnation);
            replica.Start(mayFound: true, [.. peers.Union([node])]);
            Know(replica);
        }
    }

    private TestReplica Create(int node, ulong incarnation)
    {
        var replica = new TestReplica(node, incarnation, options => configure(options with { Random = new FixedTimeouts(options.Node) })) { Report = Line };
        return cluster.Add(replica);
    }

    // log 2 1 1 3 term 4: entries of terms 1, 1 and 3 after the first configuration; the node has seen term 4
    private void SetLog(TestReplica replica, string[] words)
    {
        int split = Array.IndexOf(words, "term");
        string[] terms = split < 0 ? words : words[..split];
        SnapshotMetadata begin = replica.Durable;
        replica.Crash();
        replica.Seed(begin.Position, begin.Configuration);
        ulong index = begin.Position.Index;
        Entry[] entries = [.. terms.Select(term => new Entry(++index, Number(term), EntryKind.Command, Encoding.UTF8.GetBytes($"{index}/{term}")))];
        ulong seen = split >= 0 ? Number(words[split + 1]) : entries.Length > 0 ? entries[^1].Term : begin.Position.Term;
        replica.Log.Append(entries, new HardState(seen, 0, begin.Position.Index));
        replica.Log.SyncOne();
        replica.Start(peers: peers);
        Know(replica);
    }

    private void Tick(string[] words)
    {
        TestReplica[] ticking = words[0] is "all" ? [.. cluster.Replicas.Values] : [Node(words[0])];
        ulong count = words.Length > 1 ? Number(words[1]) : 1;
        for (ulong i = 0; i < count; i++)
        {
            foreach (TestReplica replica in ticking.Where(replica => replica.IsUp))
            {
                replica.Raft.Tick();
            }

            // Time does not stand still between two ticks: what they cause happens.
            if (words[0] is "all")
            {
                Settle(trace: false);
            }
        }

        ReportRoles();
    }

    private void Settle(bool trace)
    {
        tracing = trace;
        for (int round = 0; round < 1000; round++)
        {
            if (!Round())
            {
                return;
            }
        }

        throw new InvalidOperationException("The scenario does not settle: the replicas talk for ever.");
    }

    /// <summary>Everybody does what there is to do, then every message that is under way arrives; false when there was nothing.</summary>
    private bool Round()
    {
        bool busy = false;
        foreach (TestReplica replica in cluster.Replicas.Values.Where(replica => replica.IsUp))
        {
            busy |= Run(replica);
        }

        Message[] delivered = [.. cluster.InFlight];
        cluster.InFlight.Clear();
        foreach (Message message in delivered)
        {
            Trace(message);
            cluster.Deliver(message);
            ReportRoles();
        }

        return busy || delivered.Length > 0;
    }

    private void Trace(Message message)
    {
        if (tracing)
        {
            TestReplica? to = cluster.Replicas.GetValueOrDefault(message.To);
            bool lost = cluster.IsCut(message.From, message.To) || to is null || !to.IsUp;
            Line(Describe.Message(message) + (lost ? " (lost)" : string.Empty));
        }
    }

    private bool Run(TestReplica replica)
    {
        bool busy = false;
        bool more = true;
        while (more)
        {
            more = false;
            while (replica.Execute())
            {
                more = true;
            }

            while (!stalled.Contains(replica.Node) && replica.SyncOne())
            {
                more = true;
            }

            busy |= more;
        }

        ReportRoles();
        return busy;
    }

    private void Network(string verb, string[] words)
    {
        switch (verb)
        {
            case "cut":
                cluster.Cut((int)Number(words[0]), (int)Number(words[1]));
                break;
            case "isolate":
                foreach (int other in cluster.Replicas.Keys)
                {
                    cluster.Cut((int)Number(words[0]), other);
                }

                break;
            default:
                cluster.Cuts.Clear();
                break;
        }
    }

    private void Life(string verb, string[] words)
    {
        (int node, ulong incarnation) = Member(words[0]);
        TestReplica replica = cluster.Replicas[node];
        switch (verb)
        {
            case "crash":
                replica.Crash();
                return;
            case "restart":
                replica.Start(peers: peers);
                break;
            case "wipe":
                // Nothing is left, not even the memory of a cluster.
                replica.Replace(incarnation, null);
                replica.Start(mayFound: true, peers);
                break;
            case "restore":
                replica.Replace(incarnation, words.Length > 1 ? cluster.Replicas[(int)Number(words[1])].Durable : replica.Durable);
                replica.Start(peers: peers);
                break;
            case "stall":
                stalled.Add(node);
                return;
            default:
                stalled.Remove(node);
                return;
        }

        Know(replica);
    }

    private static void Compact(TestReplica replica, ulong upTo)
    {
        replica.Flush();
        replica.Log.Compact(upTo);
    }

    private void Show(string verb, string[] words)
    {
        switch (verb)
        {
            case "status":
                foreach (TestReplica replica in cluster.Replicas.Values)
                {
                    Line(replica.IsUp ? $"{replica.Node} {Status(replica.Raft)}" : $"{replica.Node} down");
                }

                break;
            case "logs":
                foreach (TestReplica replica in cluster.Replicas.Values)
                {
                    Line($"{replica.Node}: {string.Join(' ', replica.Log.All.Select(entry => entry.Term))}");
                }

                break;
            case "progress":
                foreach (PeerProgress peer in Node(words[0]).Raft.Progress)
                {
                    Line($"{peer.Node}/{peer.Incarnation} {(peer.IsVoter ? "voter" : "learner")} {peer.State} match {peer.Match} next {peer.Next} inflight {peer.Inflight}{(peer.RecentActive ? string.Empty : " silent")}");
                }

                break;
            case "config":
                Line(Describe.Configuration(Node(words[0]).Raft.Configuration));
                break;
            default:
                foreach (RecoveryAnswer answer in Node(words[0]).Raft.RecoveryAnswers)
                {
                    Line($"{answer.Node}/{answer.Incarnation} {answer.Kind} at {answer.Last.Index}/{answer.Last.Term}");
                }

                break;
        }
    }

    private static string Status(RaftNode raft) => string.Create(
        CultureInfo.InvariantCulture,
        $"{raft.Role} term {raft.Term} leader {raft.Leader} last {raft.LastIndex} commit {raft.Commit} applied {raft.AppliedIndex}");

    private void Refused(ProposalStatus status)
    {
        if (status != ProposalStatus.Accepted)
        {
            Line($"refused: {status}");
        }
    }

    private void ReportRoles()
    {
        foreach (TestReplica replica in cluster.Replicas.Values.Where(replica => replica.IsUp))
        {
            (RaftRole Role, ulong Term) now = (replica.Raft.Role, replica.Raft.Term);
            if (known.TryGetValue(replica.Node, out (RaftRole Role, ulong Term) before) && before.Role != now.Role)
            {
                Line($"{replica.Node} becomes {now.Role} in term {now.Term}");
            }

            known[replica.Node] = now;
        }
    }

    private void Know(TestReplica replica) => known[replica.Node] = (replica.Raft.Role, replica.Raft.Term);

    private TestReplica Node(string word) => cluster.Replicas[(int)Number(word)];

    private static ulong FirstIncarnation(int node) => ((ulong)node * 10) + 1;

    private static ulong Number(string word) => ulong.Parse(word, CultureInfo.InvariantCulture);

    private static (int Node, ulong Incarnation) Member(string word)
    {
        string[] parts = word.Split('/');
        int node = (int)Number(parts[0]);
        return (node, parts.Length > 1 ? Number(parts[1]) : FirstIncarnation(node));
    }

    private void Line(string line) => output.Append(line).Append('\n');
}
