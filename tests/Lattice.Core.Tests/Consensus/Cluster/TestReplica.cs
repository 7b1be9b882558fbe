using Lattice.Core.Consensus;

namespace Lattice.Core.Tests.Consensus.Cluster;

/// <summary>
/// A replica as its host would run it: executes what <see cref="RaftNode"/> wants done on a log that can crash and a state that consists of
/// the applied position and configuration.
/// </summary>
internal sealed class TestReplica(int node, ulong incarnation, Func<RaftOptions, RaftOptions> configure)
{
    private readonly Queue<(LogPosition Last, IReadOnlyList<Message> Messages)> unsynced = new();
    private RaftNode? raft;

    public int Node { get; } = node;

    public ulong Incarnation { get; private set; } = incarnation;

    public MemoryLog Log { get; private set; } = new();

    public RaftNode Raft => raft ?? throw new InvalidOperationException($"Node {Node} is down.");

    public bool IsUp => raft is not null;

    public LogPosition Applied { get; private set; }

    public Configuration Configuration { get; private set; } = Configuration.Empty;

    /// <summary>What of the state survives a crash.</summary>
    public SnapshotMetadata Durable { get; private set; } = new(default, Configuration.Empty);

    public List<ReadState> Reads { get; } = [];

    /// <summary>What happens, for whoever watches.</summary>
    public Action<string> Report { get; set; } = _ => { };

    public Action<Entry> OnApplied { get; set; } = _ => { };

    public Action<Message> Send { get; set; } = _ => { };

    public Action<Member> OnJoinRequest { get; set; } = _ => { };

    /// <summary>Begins with a state that others have, too.</summary>
    public void Seed(LogPosition applied, Configuration configuration)
    {
        Log = new MemoryLog();
        Log.Reset(applied);
        Log.SyncOne();
        (Applied, Configuration) = (applied, configuration);
        Durable = new SnapshotMetadata(applied, configuration);
    }

    public void Start(bool mayFound = false, int[]? peers = null)
    {
        RaftOptions options = configure(new RaftOptions { Node = Node, Incarnation = Incarnation, Random = Random.Shared });
        options = options with { FoundingPeers = mayFound ? peers ?? [] : [], Peers = peers ?? [], FoundingClusterId = (ulong)(1000 + Node) };
        if (Applied.Index > Log.LastIndex || (Applied.Index >= Log.FirstIndex && Log.Term(Applied.Index) != Applied.Term))
        {
            // A snapshot was installed, and the crash came before the log was begun anew.
            Log.Reset(Applied);
            Log.SyncOne();
        }

        raft = new RaftNode(options, Log, Log.HardState, Configuration, Applied.Index);
    }

    /// <summary>Everything that is not durable is gone.</summary>
    public void Crash()
    {
        raft = null;
        unsynced.Clear();
        Log.Crash();
        (Applied, Configuration) = Durable;
        Reads.Clear();
    }

    /// <summary>The disk is replaced: another incarnation, empty or with a restored state.</summary>
    public void Replace(ulong incarnation, SnapshotMetadata? restored)
    {
        Crash();
        Incarnation = incarnation;
        Seed(restored?.Position ?? default, restored?.Configuration ?? Configuration.Empty);
    }

    /// <summary>Makes the state durable as it is.</summary>
    public void Flush() => Durable = new SnapshotMetadata(Applied, Configuration);

    /// <summary>Executes one <see cref="Ready"/>; false when there is none.</summary>
    public bool Execute()
    {
        if (!Raft.HasReady)
        {
            return false;
        }

        Ready ready = Raft.TakeReady();
        if (ready.Entries.Count > 0 || ready.HardState is not null)
        {
            Log.Append(ready.Entries, ready.HardState);
            LogPosition last = ready.Entries.Count > 0 ? new LogPosition(ready.Entries[^1].Index, ready.Entries[^1].Term) : default;
            unsynced.Enqueue((last, ready.MessagesAfterPersist));
        }
        else if (ready.MessagesAfterPersist.Count > 0)
        {
            if (unsynced.Count > 0)
            {
                // Nothing new to write, but the promise may concern what was written before.
                Log.Append([], null);
                unsynced.Enqueue((default, ready.MessagesAfterPersist));
            }
            else
            {
                SendAll(ready.MessagesAfterPersist);
            }
        }

        SendAll(ready.Messages);
        Apply(ready.Committed);
        foreach (ReadState read in ready.Reads)
        {
            Reads.Add(read);
            Report(read.Refused ? $"{Node} read {read.Context} refused" : $"{Node} read {read.Context} at {read.Index}");
        }

        foreach (Member member in ready.JoinRequests)
        {
            Report($"{Node} is asked to take in {member.Node}/{member.Incarnation}");
            OnJoinRequest(member);
        }

        return true;
    }

    /// <summary>Makes the oldest write durable and keeps the promises that waited for it; false when nothing waits.</summary>
    public bool SyncOne()
    {
        if (Log.UnsyncedCount == 0)
        {
            return false;
        }

        Log.SyncOne();
        (LogPosition last, IReadOnlyList<Message> messages) = unsynced.Dequeue();
        if (last.Index > 0)
        {
            Raft.Persisted(last);
        }

        SendAll(messages);
        return true;
    }

    /// <summary>Takes a snapshot that was streamed here; false when it is of no use.</summary>
    public bool Install(SnapshotMetadata snapshot)
    {
        if (!Raft.WantsSnapshot(snapshot.Position))
        {
            return false;
        }

        (Applied, Configuration) = snapshot;
        Flush();
        Log.Reset(snapshot.Position);
        unsynced.Enqueue((default, []));
        Raft.SnapshotInstalled(snapshot);
        Report($"{Node} installs a snapshot at {snapshot.Position.Index}/{snapshot.Position.Term}");
        return true;
    }

    private void Apply(IReadOnlyList<Entry> entries)
    {
        foreach (Entry entry in entries)
        {
            if (entry.Index != Applied.Index + 1)
            {
                throw new InvalidOperationException($"Node {Node} was handed entry {entry.Index} after entry {Applied.Index}.");
            }

            Applied = new LogPosition(entry.Index, entry.Term);
            Report($"{Node} applies {Describe.Entry(entry)}");
            OnApplied(entry);
            if (entry.Kind == EntryKind.Configuration)
            {
                Configuration = Raft.ApplyConfiguration(entry);
            }
        }

        if (entries.Count > 0)
        {
            Raft.Applied(entries[^1].Index);
        }
    }

    private void SendAll(IReadOnlyList<Message> messages)
    {
        foreach (Message message in messages)
        {
            Send(message);
        }
    }
}
