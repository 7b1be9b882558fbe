using Lattice.Grains;

namespace Lattice.Cli.Tests;

/// <summary>Statuses of clusters of three nodes with the system group and one data group.</summary>
internal static class Statuses
{
    public const ulong Commit = 5000;

    private static readonly int[] All = [1, 2, 3];

    public static ClusterStatus Of(params NodeStatus[] nodes) => new() { Name = "lattice", ClusterId = 0xC0FFEE, AnsweredBy = 1, Nodes = nodes };

    public static ClusterStatus Healthy() => Of(Node(1, "Follower"), Node(2, "Leader"), Node(3, "Follower")).WithVerifiers(Verifier(0), Verifier(1));

    /// <summary>A verifier that has seen all replicas agree.</summary>
    public static VerifierReport Verifier(uint group) => new()
    {
        Group = group,
        Verdict = "Agree",
        AgeSeconds = 1.2,
        Index = Commit,
        AgreedIndex = Commit,
        AgreedAgeSeconds = group == 0 ? 1.2 : 3.4,
        Compared = All,
    };

    /// <summary>The status as it is when the first node has heard of these verifiers.</summary>
    public static ClusterStatus WithVerifiers(this ClusterStatus status, params VerifierReport[] verifiers) => status with
    {
        Nodes = [.. status.Nodes.Select((n, place) => n with { Verifiers = place == 0 ? verifiers : [] })],
    };

    public static NodeStatus Dead(int node) => new() { Node = node, Address = Address(node) };

    public static NodeStatus Node(int node, string role, ulong applied = Commit, int leader = 2, string? dataRole = null, int dataLeader = 1, IReadOnlyList<int>? voters = null, IReadOnlyList<int>? learners = null) => new()
    {
        Node = node,
        Reachable = true,
        Address = Address(node),
        UptimeSeconds = 7860,
        Version = "0.1.0",
        SyncOnWrite = true,
        DataBytes = 12 << 20,
        FreeBytes = 40L << 30,
        Groups =
        [
            Group(0, role, Commit, leader, voters, learners),
            Group(1, dataRole ?? (node == dataLeader ? "Leader" : "Follower"), applied, dataLeader, voters, learners),
        ],
        Peers = [.. All.Where(n => n != node).Select(n => new PeerLink { Node = n, Alive = true, RoundTripUs = 120, FailedSends = 3 })],
    };

    /// <summary>The status with the data group's replica of a node as given.</summary>
    public static ClusterStatus With(this ClusterStatus status, int node, Func<GroupStatus, GroupStatus> data) => status with
    {
        Nodes = [.. status.Nodes.Select(n => n.Node == node ? n with { Groups = [n.Groups[0], data(n.Groups[1])] } : n)],
    };

    private static string Address(int node) => $"127.0.0.1:500{node}";

    private static GroupStatus Group(uint group, string role, ulong applied, int leader, IReadOnlyList<int>? voters, IReadOnlyList<int>? learners) => new()
    {
        Group = group,
        Role = role,
        Term = 3,
        Leader = leader,
        Commit = Commit,
        Applied = applied,
        LastIndex = Commit,
        LogBytes = 1 << 20,
        Voters = voters ?? All,
        Learners = learners ?? [],
        Verification = "Agrees",
        AgreedIndex = applied,
    };
}
