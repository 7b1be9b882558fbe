using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>Answers the clients of one node. Requests of one connection run at the same time and are answered in the order in which they end.</summary>
internal sealed class RequestServer(IRaftCluster cluster, WriteAheadLog log, RecordStateMachine records, NodePorts ports)
{
    /// <summary>Accepts clients until it is cancelled.</summary>
    public async Task RunAsync(int port, CancellationToken cancellation)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        var serving = new List<Task>();
        while (!cancellation.IsCancellationRequested)
        {
            serving.Add(ServeAsync(await listener.AcceptSocketAsync(cancellation).ConfigureAwait(false), cancellation));
            serving.RemoveAll(task => task.IsCompletedSuccessfully);
        }

        await Task.WhenAll(serving).ConfigureAwait(false);
    }

    private bool Leads => !cluster.LeadershipToken.IsCancellationRequested;

    private byte LeaderOrZero => (byte)(cluster.Leader?.EndPoint is IPEndPoint address ? ports.NodeOfRaftPort(address.Port) : 0);

    private async Task ServeAsync(Socket socket, CancellationToken cancellation)
    {
        var connection = new FrameConnection(socket);
        await using var closing = connection.ConfigureAwait(false);
        try
        {
            await foreach (Frame request in connection.ReceiveAsync(cancellation).ConfigureAwait(false))
            {
                // On a thread of its own, so that none waits for another; whatever goes wrong is its answer.
                _ = Task.Run(() => AnswerAsync(connection, request, cancellation), cancellation);
            }
        }
        catch (IOException)
        {
            // The client has gone.
        }
    }

    private async Task AnswerAsync(FrameConnection connection, Frame request, CancellationToken cancellation)
    {
        Frame answer;
        try
        {
            answer = await AnswerAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotLeaderException or QuorumUnreachableException)
        {
            answer = NotLeader(request);
        }
        catch (Exception e)
        {
            answer = new Frame(request.Id, FrameKind.Failed, Encoding.UTF8.GetBytes(e.ToString()));
        }

        try
        {
            await connection.SendAsync(answer, cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            // Nobody waits for the answer any more.
        }
    }

    private async Task<Frame> AnswerAsync(Frame request, CancellationToken cancellation)
    {
        switch (request.Kind)
        {
            case FrameKind.Status:
                return new Frame(request.Id, FrameKind.Done, new NodeStatus(Leads, log.LastAppliedIndex).ToBytes());
            case FrameKind.Write when Leads:
                await cluster.ReplicateAsync(request.Body, token: cancellation).ConfigureAwait(false);
                return new Frame(request.Id, FrameKind.Done, default);
            case FrameKind.Read when Leads:
                await cluster.ApplyReadBarrierAsync(cancellation).ConfigureAwait(false);
                return new Frame(request.Id, FrameKind.Done, records.Read(request.Body.Span));
            default:
                return NotLeader(request);
        }
    }

    private Frame NotLeader(Frame request) => new(request.Id, FrameKind.NotLeader, new[] { LeaderOrZero });
}
