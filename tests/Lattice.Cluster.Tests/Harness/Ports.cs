using System.Net;
using System.Net.Sockets;

namespace Lattice.Cluster.Tests.Harness;

/// <summary>Ports on loopback that nobody uses at present.</summary>
internal static class Ports
{
    // Below the range from which the system takes ports of its own, so that none of these is taken for an outgoing connection meanwhile.
    private const int First = 20_000;
    private const int Last = 29_000;

    private static int next = First + Random.Shared.Next(Last - First);

    public static int Free()
    {
        for (; ; )
        {
            int port = First + (int)((uint)Interlocked.Increment(ref next) % (Last - First));
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // In use: the next one.
                continue;
            }
        }
    }
}
