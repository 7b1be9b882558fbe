namespace Lattice.Bench.Peers;

/// <summary>A store under measurement: its servers, on this machine, with durable writes.</summary>
internal interface IPeer : IAsyncDisposable
{
    /// <summary>Name in the tables.</summary>
    string Name { get; }

    /// <summary>What was measured, for the reader of the tables: replicas, durability, whatever is not as with the others.</summary>
    string Description { get; }

    /// <summary>Where clients find it, once it was started; what <see cref="StoreClients.ConnectAsync"/> takes.</summary>
    string Address { get; }

    /// <summary>Starts the servers and waits until a write succeeds.</summary>
    Task StartAsync(CancellationToken cancellation);
}

/// <summary>A replicated peer whose leader can be lost.</summary>
internal interface IReplicatedPeer : IPeer
{
    /// <summary>Kills the process of a leader, as <c>kill -9</c> does.</summary>
    /// <returns>The node.</returns>
    Task<int> KillLeaderAsync(CancellationToken cancellation);

    /// <summary>Starts a killed node again and waits until it has caught up.</summary>
    Task RestartAsync(int node, CancellationToken cancellation);
}

/// <summary>A client of a peer, shared by all callers of its process.</summary>
internal interface IStoreClient : IAsyncDisposable
{
    /// <summary>One durable write.</summary>
    Task WriteAsync(byte[] key, byte[] value, CancellationToken cancellation);

    /// <summary>One linearizable read.</summary>
    Task ReadAsync(byte[] key, CancellationToken cancellation);
}
