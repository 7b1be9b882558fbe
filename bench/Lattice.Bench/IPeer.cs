namespace Lattice.Bench;

/// <summary>A store under measurement: three local nodes with durable writes, and a client of it.</summary>
internal interface IPeer : IAsyncDisposable
{
    /// <summary>Name in the table.</summary>
    string Name { get; }

    /// <summary>Starts the nodes and waits until a write succeeds.</summary>
    Task StartAsync(CancellationToken cancellation);

    /// <summary>One durable, replicated write.</summary>
    Task WriteAsync(byte[] key, byte[] value, CancellationToken cancellation);

    /// <summary>One linearizable read.</summary>
    Task ReadAsync(byte[] key, CancellationToken cancellation);
}
