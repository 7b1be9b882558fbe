using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Lattice.Core.Replication;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Lattice.Grains;

/// <summary>
/// Notices at once that a peer's process has ended. The system closes the connections and the ports of a process with it, so when a
/// connection to a peer's host ends and the peer's port refuses another one, nobody is there any more, and the groups that it led need
/// not wait for their election timeout. A connection may end for other reasons; then the port answers and nothing happens. A host that
/// loses its power closes nothing: that is left to Raft's timeouts.
/// </summary>
public sealed partial class PeerWatch(PeerDirectory peers, PeerLinks links, ReplicaHost host, TimeProvider time, ILogger<PeerWatch> logger) : IConnectionMiddleware
{
    private const int Attempts = 4;

    // A port that answers, but whose process is just ending, closes what it accepted within this.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromMilliseconds(250);

    // Longer than the looks that other nodes take at this one: answering those with a look would never end.
    private static readonly TimeSpan ShortestConnection = 2 * ConnectTimeout;

    private readonly ConcurrentDictionary<int, bool> underCheck = new();
    private readonly ConcurrentDictionary<int, SiloAddress> gone = new();

    private enum Finding
    {
        Refuses,
        Listens,
        CannotTell,
    }

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        EndPoint? remote = context.RemoteEndPoint;
        long began = time.GetTimestamp();
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            if (remote is IPEndPoint { Address: { } address } && time.GetElapsedTime(began) >= ShortestConnection)
            {
                CheckPeersAt(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
            }
        }
    }

    /// <summary>A connection that a peer made does not say which one it is, so all on its host are looked at.</summary>
    private void CheckPeersAt(IPAddress address)
    {
        foreach ((int node, SiloAddress silo) in peers.Known)
        {
            if (silo.Endpoint.Address.Equals(address) && !silo.Equals(gone.GetValueOrDefault(node)) && underCheck.TryAdd(node, true))
            {
                _ = CheckAsync(node, silo);
            }
        }
    }

    private async Task CheckAsync(int node, SiloAddress silo)
    {
        try
        {
            for (int i = 0; i < Attempts; i++)
            {
                switch (await LookAsync(silo.Endpoint).ConfigureAwait(false))
                {
                    case Finding.Refuses:
                        gone[node] = silo;
                        links.Of(node).Silent();
                        host.PeerDown(node);
                        LogGone(node, silo.Endpoint);
                        return;
                    case Finding.CannotTell:
                        return;
                    default:
                        break;
                }
            }
        }
        catch (Exception e)
        {
            // The watch is a short cut; without it Raft's own timeouts find out.
            LogCheckFailed(node, e);
        }
        finally
        {
            underCheck.TryRemove(node, out _);
        }
    }

    /// <summary>Whether somebody listens, and still does a moment later.</summary>
    private async Task<Finding> LookAsync(IPEndPoint endpoint)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var patience = new CancellationTokenSource(ConnectTimeout, time);
        try
        {
            await socket.ConnectAsync(endpoint, patience.Token).ConfigureAwait(false);
            await Task.Delay(Settling, time).ConfigureAwait(false);
            return Finding.Listens;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return Finding.Refuses;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return Finding.CannotTell;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} is gone: nobody listens at {Address} any more. Groups that it led elect another leader")]
    private partial void LogGone(int node, IPEndPoint address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether node {Node} is still there could not be checked")]
    private partial void LogCheckFailed(int node, Exception exception);
}
