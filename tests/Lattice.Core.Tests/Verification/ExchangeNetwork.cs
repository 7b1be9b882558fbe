using System.Collections.Immutable;
using Lattice.Core.Consensus;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

/// <summary>
/// The digest exchanges of a group's replicas, joined by a list of messages that a test delivers, loses or repeats. What a replica's state is worth is told in
/// letters: the digest after an entry is that of the letter that its replica stands at.
/// </summary>
internal sealed class ExchangeNetwork
{
    public const int PatienceTicks = 4;

    private readonly Dictionary<int, Replica> replicas = [];

    public ExchangeNetwork(params int[] nodes) => Members = Voters(nodes);

    /// <summary>The members, as every replica has applied them.</summary>
    public Configuration Members { get; set; }

    /// <summary>What is under way.</summary>
    public List<Message> Messages { get; } = [];

    public DigestExchange this[int node] => replicas[node].Exchange;

    private sealed record Replica(ulong Incarnation, DigestExchange Exchange)
    {
        public bool IsDown { get; set; }
    }

    public static ulong IncarnationOf(int node) => (ulong)node * 100;

    public static Configuration Voters(params int[] nodes) => new()
    {
        ClusterId = 1,
        Voters = [.. nodes],
        Incarnations = nodes.ToImmutableSortedDictionary(n => n, IncarnationOf),
    };

    /// <summary>A digest that is the same for the same letter and entry.</summary>
    public static UInt128 Digest(char letter, ulong index) => ((UInt128)letter << 64) + index;

    /// <summary>Begins a replica with a state.</summary>
    public void Begin(int node, ulong applied = 0, char letter = 'a', ulong? incarnation = null)
    {
        ulong own = incarnation ?? IncarnationOf(node);
        var trace = new ReplicaTrace(new CausalTrace(node, new LamportClock(TimeProvider.System), TimeProvider.System), 7);
        var exchange = new DigestExchange(7, node, own, PatienceTicks, trace, m => Messages.Add(m with { From = node, FromIncarnation = own }));
        exchange.Begin(new LogPosition(applied, applied == 0 ? 0UL : 1), Digest(letter, applied), isNew: applied == 0);
        replicas[node] = new Replica(own, exchange);
    }

    /// <summary>Begins all members with an empty state.</summary>
    public ExchangeNetwork BeginAll(ulong applied = 0)
    {
        foreach (int node in Members.Voters)
        {
            Begin(node, applied);
        }

        return this;
    }

    /// <summary>A node executes entries, and asks whether it may commit what they did.</summary>
    public bool Execute(int node, char letter, params ulong[] entries)
    {
        DigestExchange exchange = this[node];
        foreach (ulong index in entries)
        {
            exchange.Check(new LogPosition(index, 1), Digest(letter, index), Members);
        }

        exchange.Answer();
        return exchange.MayApply;
    }

    /// <summary>The leader commits an entry and tells the others.</summary>
    public void Lead(int node, char letter, params ulong[] entries)
    {
        if (Execute(node, letter, entries))
        {
            this[node].Tell(Members);
        }
    }

    /// <summary>Whether a node is cut off: what it is sent is lost.</summary>
    public void IsDown(int node, bool isDown) => replicas[node].IsDown = isDown;

    /// <summary>Delivers what is under way, and what that leads to, in order.</summary>
    public void DeliverAll()
    {
        for (int delivered = 0; Messages.Count > 0; delivered++)
        {
            Assert.True(delivered < 10_000, "The replicas do not stop talking.");
            Message message = Messages[0];
            Messages.RemoveAt(0);
            Deliver(message);
        }
    }

    public void Deliver(Message message)
    {
        if (replicas.TryGetValue(message.To, out Replica? to) && !to.IsDown && !replicas[message.From].IsDown)
        {
            to.Exchange.Take(message, Members);
        }
    }

    public void Tick(int node) => this[node].Tick(Members);
}
