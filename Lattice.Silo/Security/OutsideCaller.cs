namespace Lattice.Silo.Security;

/// <summary>
/// Tells calls from outside, which come through a gateway, from the cluster's own. Whoever calls from outside is a client by its grain id: <see cref="FrameGate"/> lets no
/// other message through a gateway, whatever its sender writes into it. The silos' own calls from outside of a grain have ids of clients too, with a mark that no client may bear.
/// </summary>
internal static class OutsideCaller
{
    /// <summary>How the keys of silos' own clients begin, as Orleans makes them.</summary>
    public static ReadOnlySpan<byte> MarkOfSilos => "hosted-"u8;

    /// <summary>Whether a caller is outside.</summary>
    public static bool Is(GrainId source) => source.IsClient() && !source.Key.AsSpan().StartsWith(MarkOfSilos);
}
