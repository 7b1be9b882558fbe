using System.Net;
using System.Net.Sockets;

namespace Lattice.EndToEnd.Tests.Security;

/// <summary>Stands between a client and a port, and keeps what the client says.</summary>
internal sealed class RecordingProxy : IDisposable
{
    private const int Most = 1 << 20;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ended = new();
    private readonly MemoryStream said = new();
    private readonly IPEndPoint target;

    public RecordingProxy(string target)
    {
        this.target = IPEndPoint.Parse(target);
        listener.Start();
        _ = AcceptAsync();
    }

    public string Address => listener.LocalEndpoint.ToString()!;

    public byte[] Said
    {
        get
        {
            lock (said)
            {
                return said.ToArray();
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
            await Task.WhenAny(CopyAsync(client, server, keep: true), CopyAsync(server, client, keep: false));
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool keep)
    {
        byte[] buffer = new byte[64 << 10];
        for (int read = await from.ReceiveAsync(buffer); read > 0; read = await from.ReceiveAsync(buffer))
        {
            lock (said)
            {
                if (keep && said.Length < Most)
                {
                    said.Write(buffer, 0, read);
                }
            }

            await to.SendAsync(buffer.AsMemory(0, read));
        }
    }
}
