using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Lattice.Bench.Peers.DotNextRaft;

/// <summary>Calls the node that leads, over one connection; goes to another one when it does not lead any more.</summary>
internal sealed class DotNextStoreClient(NodePorts ports) : IStoreClient
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly NodeConnection?[] connections = new NodeConnection?[ports.Nodes];
    private readonly SemaphoreSlim connecting = new(1);
    private int leader = 1;

    /// <inheritdoc/>
    public Task WriteAsync(byte[] key, byte[] value, CancellationToken cancellation) => CallAsync(FrameKind.Write, RecordFormat.Write(key, value), cancellation);

    /// <inheritdoc/>
    public Task ReadAsync(byte[] key, CancellationToken cancellation) => CallAsync(FrameKind.Read, key, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (NodeConnection connection in connections.OfType<NodeConnection>())
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        connecting.Dispose();
    }

    private async Task<Frame> CallAsync(FrameKind kind, byte[] body, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        Exception? last = null;
        while (Stopwatch.GetElapsedTime(began) < Longest)
        {
            int node = Volatile.Read(ref leader);
            try
            {
                NodeConnection connection = await ConnectionAsync(node, cancellation).ConfigureAwait(false);
                Frame answer = await connection.CallAsync(kind, body, cancellation).ConfigureAwait(false);
                switch (answer.Kind)
                {
                    case FrameKind.Done:
                        return answer;
                    case FrameKind.NotLeader when answer.Body.Span[0] is var other && other != 0 && other != node:
                        Follow(node, other);
                        continue;
                    case FrameKind.Failed:
                        throw new InvalidOperationException($"Node {node} failed: {Encoding.UTF8.GetString(answer.Body.Span)}");
                    default:
                        break;
                }
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                last = e;
            }

            // No leader, or none that can be reached: another node may know more in a moment.
            Follow(node, (node % ports.Nodes) + 1);
            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        }

        throw new TimeoutException($"No node led within {Longest.TotalSeconds:0} s.", last);
    }

    // Only the first of the callers that were sent away changes it.
    private void Follow(int from, int to) => Interlocked.CompareExchange(ref leader, to, from);

    private async ValueTask<NodeConnection> ConnectionAsync(int node, CancellationToken cancellation)
    {
        if (Volatile.Read(ref connections[node - 1]) is { Broken: false } ready)
        {
            return ready;
        }

        await connecting.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (connections[node - 1] is { } present)
            {
                if (!present.Broken)
                {
                    return present;
                }

                connections[node - 1] = null;
                await present.DisposeAsync().ConfigureAwait(false);
            }

            NodeConnection connected = await NodeConnection.ConnectAsync(ports.ClientAddress(node), cancellation).ConfigureAwait(false);
            Volatile.Write(ref connections[node - 1], connected);
            return connected;
        }
        finally
        {
            connecting.Release();
        }
    }
}
