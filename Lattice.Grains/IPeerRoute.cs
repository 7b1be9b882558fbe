namespace Lattice.Grains;

/// <summary>The way to one life of a peer's process.</summary>
internal interface IPeerRoute
{
    /// <summary>Hands a frame over, which completes at once; nobody says whether it arrives.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> frame);

    /// <summary>Hands a frame over; completes when the peer has it, and so has everything handed over before.</summary>
    Task SendAnsweredAsync(ReadOnlyMemory<byte> frame);
}

/// <summary>The way over Orleans, to the replica service of the peer's silo.</summary>
internal sealed class SiloRoute(IReplicaService service) : IPeerRoute
{
    public ValueTask SendAsync(ReadOnlyMemory<byte> frame) => service.Deliver(frame);

    public Task SendAnsweredAsync(ReadOnlyMemory<byte> frame) => service.DeliverAnswered(frame).AsTask();
}
