namespace Lattice.Grains;

/// <summary>The way to one life of a peer's process.</summary>
internal interface IPeerRoute
{
    /// <summary>Hands a frame over, which completes at once unless the peer reads too slowly; nobody says whether it arrives.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> frame);

    /// <summary>Hands a frame over; where nothing else holds back a sender that is too fast, it completes when the peer has it and everything handed over before.</summary>
    Task SendAnsweredAsync(ReadOnlyMemory<byte> frame);
}
