using System.Collections.Concurrent;
using System.Net;

namespace Lattice.Silo.Security;

/// <summary>From where the clients come that are connected to this node's gateway. One entry a connection.</summary>
internal sealed class GatewayCallers
{
    private readonly ConcurrentDictionary<GrainId, EndPoint> endpoints = [];

    public void Add(GrainId client, EndPoint? endpoint)
    {
        if (endpoint is not null)
        {
            endpoints[client] = endpoint;
        }
    }

    /// <summary>A client is gone, unless it is connected anew.</summary>
    public void Remove(GrainId client, EndPoint? endpoint)
    {
        if (endpoint is not null)
        {
            endpoints.TryRemove(KeyValuePair.Create(client, endpoint));
        }
    }

    /// <summary>Where a client is, for the log.</summary>
    public string Describe(GrainId client) => endpoints.TryGetValue(client, out EndPoint? endpoint) ? endpoint.ToString()! : $"client {client.Key} through another node's gateway";
}
