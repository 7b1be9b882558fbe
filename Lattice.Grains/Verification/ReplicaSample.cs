using Lattice.Core.Consensus;
using Lattice.Core.Verification;

namespace Lattice.Grains.Verification;

/// <summary>A node's answer to a verifier. Immutable.</summary>
[GenerateSerializer, Immutable, Alias("lattice.replica-sample")]
public sealed record ReplicaSample
{
    /// <summary>The node.</summary>
    [Id(0)] public required int Node { get; init; }

    /// <summary>Its incarnation.</summary>
    [Id(1)] public required ulong Incarnation { get; init; }

    /// <summary>When its process was started.</summary>
    [Id(2)] public required DateTimeOffset ProcessStartedAt { get; init; }

    /// <summary>How its state stands, a <see cref="VerificationState"/>.</summary>
    [Id(3)] public required string State { get; init; }

    /// <summary>Its term.</summary>
    [Id(4)] public ulong Term { get; init; }

    /// <summary>The members as it knows them (<see cref="ConfigurationCodec"/>).</summary>
    [Id(5)] public ReadOnlyMemory<byte> Members { get; init; }

    /// <summary>First entry after which its digest is known.</summary>
    [Id(6)] public ulong First { get; init; }

    /// <summary>Last entry after which its digest is known.</summary>
    [Id(7)] public ulong Last { get; init; }

    /// <summary>The entry that was asked for.</summary>
    [Id(8)] public ulong Index { get; init; }

    /// <summary>Digest after that entry in hexadecimal; empty: not known.</summary>
    [Id(9)] public string Digest { get; init; } = "";

    /// <summary>Halts in this group that the node was told of.</summary>
    [Id(10)] public IReadOnlyList<Incident> Halts { get; init; } = [];

    /// <summary>The answer that says what a sample says.</summary>
    internal static ReplicaSample Of(DigestSample sample, DateTimeOffset processStartedAt, IReadOnlyList<Incident> halts) => new()
    {
        Node = sample.Node,
        Incarnation = sample.Incarnation,
        ProcessStartedAt = processStartedAt,
        State = sample.State.ToString(),
        Term = sample.Term,
        Members = sample.Members.IsEmpty ? default : ConfigurationCodec.Encode(sample.Members),
        First = sample.First,
        Last = sample.Last,
        Index = sample.Index,
        Digest = sample.Digest?.ToString("x32", System.Globalization.CultureInfo.InvariantCulture) ?? "",
        Halts = halts,
    };

    /// <summary>What it says of the replica.</summary>
    internal DigestSample ToSample() => new()
    {
        Node = Node,
        Incarnation = Incarnation,
        State = Enum.TryParse(State, out VerificationState state) ? state : VerificationState.Unproven,
        Term = Term,
        Members = Members.IsEmpty ? Configuration.Empty : ConfigurationCodec.Decode(Members.Span),
        First = First,
        Last = Last,
        Index = Index,
        Digest = UInt128.TryParse(Digest, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture, out UInt128 digest) ? digest : null,
    };
}
