using System.Net.Sockets;
using Lattice.Core.Replication;
using Lattice.Silo.Configuration;

namespace Lattice.Silo.Hosting;

/// <summary>Looks whether the node can listen where it is told to, before anything is opened or changed.</summary>
internal static class PortCheck
{
    /// <summary>Tries every address once.</summary>
    /// <exception cref="NodeStartException">An address cannot be listened on.</exception>
    public static void Run(NodeSettings settings)
    {
        Check(settings.Self.Address, "cluster.peers.address", settings);
        Check(settings.Self.Gateway, "cluster.peers.gateway", settings);
        Check(settings.MetricsAddress, "metrics.address", settings);
    }

    private static void Check(string address, string key, NodeSettings settings)
    {
        (string host, int port) = HostPort.Parse(address);
        try
        {
            using var listener = new TcpListener(OrleansWiring.Resolve(host), port);
            listener.Start();
        }
        catch (SocketException e)
        {
            string why = e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? "another process listens there. Is the node running already? 'lattice status' tells; 'ss -ltnp' shows who has the port"
                : $"{e.Message}. Is it an address of this host?";
            throw new NodeStartException($"Node {settings.Node} cannot listen on {address} ({key} in {settings.File}): {why}. Stop that process or choose another port in the files of all nodes. Nothing was changed.", e);
        }
    }
}
