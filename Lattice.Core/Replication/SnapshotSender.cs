using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Replication;

/// <summary>
/// One snapshot stream to one follower: a window of chunks under way, moved on by the follower's acknowledgements, sent
/// again when those stay out, given up after a while without progress. Chunks are made when they are sent, so memory is
/// bounded by the window whatever the size of the state.
/// </summary>
internal sealed class SnapshotSender : IDisposable
{
    private const int TicksBeforeResend = 10;

    private readonly ReplicaSettings settings;
    private readonly GroupSnapshot source;
    private readonly IEnumerator<ReadOnlyMemory<byte>> blocks;
    private readonly Queue<ReadOnlyMemory<byte>> underWay = new();
    private readonly Action<Message> send;
    private readonly int to;
    private readonly ulong stream;
    private ulong acknowledged;
    private bool ended;
    private int ticksWithoutProgress;

    public SnapshotSender(ReplicaSettings settings, GroupSnapshot source, int to, ulong stream, Action<Message> send)
    {
        this.settings = settings;
        this.source = source;
        this.to = to;
        this.stream = stream;
        this.send = send;
        blocks = source.Blocks().GetEnumerator();
        Fill();
    }

    /// <summary>Whether the follower has taken everything.</summary>
    public bool Done => ended && underWay.Count == 0;

    /// <summary>Whether the stream is not worth going on with.</summary>
    public bool Failed { get; private set; }

    public void Acknowledge(Message reply)
    {
        if (reply.Context != stream)
        {
            return;
        }

        if (reply.Reject)
        {
            Failed = true;
            return;
        }

        if (reply.Index == SnapshotReceiver.HasItAll)
        {
            ended = true;
            underWay.Clear();
            return;
        }

        while (acknowledged < reply.Index && underWay.Count > 0)
        {
            underWay.Dequeue();
            acknowledged++;
            ticksWithoutProgress = 0;
        }

        Fill();
    }

    public void Tick()
    {
        ticksWithoutProgress++;
        if (ticksWithoutProgress > settings.SnapshotPatienceTicks)
        {
            Failed = true;
        }
        else if (ticksWithoutProgress % TicksBeforeResend == 0)
        {
            ulong number = acknowledged;
            foreach (ReadOnlyMemory<byte> block in underWay)
            {
                Send(number++, block);
            }
        }
    }

    public void Dispose()
    {
        blocks.Dispose();
        source.Dispose();
    }

    private void Fill()
    {
        while (!ended && underWay.Count < settings.SnapshotWindow)
        {
            if (!blocks.MoveNext())
            {
                ended = true;
                return;
            }

            underWay.Enqueue(blocks.Current);
            Send(acknowledged + (ulong)underWay.Count - 1, blocks.Current);
        }
    }

    private void Send(ulong number, ReadOnlyMemory<byte> block) => send(new Message
    {
        Kind = MessageKind.SnapshotChunk,
        To = to,
        Context = stream,
        Index = number,
        Snapshot = number == 0 ? source.Metadata : null,
        Data = block,
    });
}
