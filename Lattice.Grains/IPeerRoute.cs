namespace Lattice.Grains;

/// <summary>The way to one life of a peer's process.</summary>
internal interface IPeerRoute
{
    /// <summary>Hands a frame over, which completes at once; nobody says whether it arrives.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> frame);

    /// <summary>Hands a frame over; completes when the peer has it, and so has everything handed over before.</summary>
    Task SendAnsweredAsync(ReadOnlyMemory<byte> frame);
}
