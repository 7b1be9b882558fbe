using Lattice.Core.Consensus;

namespace Lattice.Core.Tests.Consensus.Cluster;

/// <summary>Replicas and the network between them; messages wait until they are delivered.</summary>
internal sealed class TestCluster
{
    private readonly Dictionary<ulong, SnapshotMetadata> streams = [];
    private ulong lastStream;

    public SortedDictionary<int, TestReplica> Replicas { get; } = [];

    public List<Message> InFlight { get; } = [];

    /// <summary>Pairs of nodes that cannot talk.</summary>
    public HashSet<(int, int)> Cuts { get; } = [];

    public TestReplica Add(TestReplica replica)
    {
        Replicas[replica.Node] = replica;
        replica.Send = message => Post(replica, message);
        return replica;
    }

    public bool IsCut(int a, int b) => Cuts.Contains((Math.Min(a, b), Math.Max(a, b)));

    public void Cut(int a, int b) => Cuts.Add((Math.Min(a, b), Math.Max(a, b)));

    /// <summary>Takes a message to its receiver, if it is up and can be reached.</summary>
    public void Deliver(Message message)
    {
        if (IsCut(message.From, message.To) || !Replicas.TryGetValue(message.To, out TestReplica? replica) || !replica.IsUp)
        {
            return;
        }

        switch (message.Kind)
        {
            case MessageKind.SnapshotChunk:
                TakeSnapshot(replica, message);
                break;
            case MessageKind.SnapshotChunkReply:
                replica.Raft.ReportSnapshot(message.From, !message.Reject);
                break;
            default:
                replica.Raft.Step(message);
                break;
        }
    }

    private void Post(TestReplica from, Message message)
    {
        if (message.Kind != MessageKind.Snapshot)
        {
            InFlight.Add(message);
            return;
        }

        // The stream stands for all of its chunks.
        streams[++lastStream] = new SnapshotMetadata(from.Applied, from.Configuration);
        InFlight.Add(message with { Kind = MessageKind.SnapshotChunk, Context = lastStream, Index = from.Applied.Index });
    }

    private void TakeSnapshot(TestReplica replica, Message chunk)
    {
        if (chunk.Term < replica.Raft.Term)
        {
            return;
        }

        bool installed = replica.Install(streams[chunk.Context]);
        InFlight.Add(new Message { Kind = MessageKind.SnapshotChunkReply, From = replica.Node, To = chunk.From, Context = chunk.Context, Reject = !installed });
    }
}
