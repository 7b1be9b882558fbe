using System.Net;
using System.Net.Sockets;

namespace Lattice.EndToEnd.Tests.Security;

/// <summary>
/// Stands between a client and a port, and keeps what the client says on each of its connections. It has the same port at another address of this machine: a client of Orleans names the gateway in what it
/// asks, and a gateway takes another address than its own for itself only if the port is the same and the address a loopback one.
/// </summary>
internal sealed class RecordingProxy : IDisposable
{
    private const int Most = 1 << 20;

    private static readonly IPAddress OtherLoopback = IPAddress.Parse("127.0.0.2");

    private readonly TcpListener listener;
    private readonly CancellationTokenSource ended = new();
    private readonly List<MemoryStream> said = [];
    private readonly IPEndPoint target;

    public RecordingProxy(string target)
    {
        this.target = IPEndPoint.Parse(target);
        listener = new TcpListener(OtherLoopback, this.target.Port);
        listener.Start();
        _ = AcceptAsync();
    }

    public string Address => listener.LocalEndpoint.ToString()!;

    /// <summary>What was said on each connection on which something was.</summary>
    public IReadOnlyList<byte[]> Said
    {
        get
        {
            lock (said)
            {
                return [.. said.Where(s => s.Length > 0).Select(s => s.ToArray())];
            }
        }
    }

    public void Dispose()
    {
        ended.Cancel();
        listener.Dispose();
        ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!ended.IsCancellationRequested)
        {
            Socket client = await listener.AcceptSocketAsync(ended.Token);
            _ = ForwardAsync(client);
        }
    }

    private async Task ForwardAsync(Socket client)
    {
        using (client)
        using (var server = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await server.ConnectAsync(target);
            var kept = new MemoryStream();
            lock (said)
            {
                said.Add(kept);
            }

            await Task.WhenAny(CopyAsync(client, server, kept), CopyAsync(server, client, into: null));
        }
    }

    private async Task CopyAsync(Socket from, Socket to, MemoryStream? into)
    {
        byte[] buffer = new byte[64 << 10];
        for (int read = await from.ReceiveAsync(buffer); read > 0; read = await from.ReceiveAsync(buffer))
        {
            lock (said)
            {
                if (into?.Length < Most)
                {
                    into.Write(buffer, 0, read);
                }
            }

            await to.SendAsync(buffer.AsMemory(0, read));
        }
    }
}
