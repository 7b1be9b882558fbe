using System.Collections.Immutable;
using Lattice.Core.Consensus;
using Lattice.Grains;
using Lattice.Grains.Verification;

namespace Lattice.Cluster.Tests.Verification;

/// <summary>Three replicas as a verifier sees them: a letter stands for a state.</summary>
internal sealed class ReplicaSamples
{
    private readonly Dictionary<int, ReplicaSample> replicas = [];
    private readonly Dictionary<int, char> letters = [];

    public ReplicaSamples()
    {
        foreach (int node in (int[])[1, 2, 3])
        {
            Stands(node, 'a');
        }
    }

    public static DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Entries that all have.</summary>
    public ulong Last { get; set; } = 100;

    public Lattice.Core.Consensus.Configuration Members { get; set; } = new()
    {
        ClusterId = 1,
        Voters = [1, 2, 3],
        Incarnations = ImmutableSortedDictionary<int, ulong>.Empty.Add(1, 11).Add(2, 12).Add(3, 13),
    };

    /// <summary>A node's replica has a state and says how it stands.</summary>
    public void Stands(int node, char letter, string state = "Agrees", DateTimeOffset? startedAt = null, params Incident[] halts)
    {
        letters[node] = letter;
        replicas[node] = new ReplicaSample { Node = node, Incarnation = (ulong)(10 + node), ProcessStartedAt = startedAt ?? Start, State = state, Halts = halts };
    }

    /// <summary>A node does not answer.</summary>
    public void IsDown(int node) => replicas.Remove(node);

    /// <summary>What a verifier hears.</summary>
    public Task<IReadOnlyList<ReplicaSample>> AskAsync(ulong index) => Task.FromResult<IReadOnlyList<ReplicaSample>>(
    [
        .. replicas.Values.Select(r => r with
        {
            Members = ConfigurationCodec.Encode(Members),
            First = 1,
            Last = Last,
            Index = index,
            Digest = index == 0 ? "" : $"{(int)letters[r.Node]:x32}",
        }),
    ]);

    /// <summary>What a node tells when it halts.</summary>
    public static Incident Halt(int node, DateTimeOffset? processStartedAt = null) => new()
    {
        Id = $"report-of-node{node}",
        At = Start.AddMinutes(1),
        Group = 1,
        Kind = IncidentKind.Halt,
        Nodes = [node],
        Class = "memory-corruption",
        Report = "/data/divergence-report.json",
        ProcessStartedAt = processStartedAt ?? Start,
    };
}
