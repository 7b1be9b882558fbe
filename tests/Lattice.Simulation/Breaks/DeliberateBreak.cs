using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Breaks;

/// <summary>
/// A rule that is broken on purpose, outside of the product's code, to show that the simulation notices. The base breaks nothing.
/// </summary>
internal class DeliberateBreak
{
    private static readonly SortedDictionary<string, (string What, Func<DeliberateBreak> Create)> Known = new(StringComparer.Ordinal)
    {
        ["acknowledge-before-sync"] = ("nodes promise what they have not synced", () => new AcknowledgeBeforeSync()),
        ["lying-disk"] = ("disks confirm a sync before they do it", () => new LyingDisk()),
        ["vote-twice"] = ("a vote that was refused is granted on its way", () => new VoteTwice()),
        ["skip-noop"] = ("a new leader answers reads before it has committed an entry of its term", () => new SkipNoop()),
        ["forget-session"] = ("the replicas do not learn which session a command belongs to", () => new ForgetSession()),
        ["follower-reads"] = ("any replica answers linearizable reads from what it has", () => new FollowerReads()),
    };

    /// <summary>Names of all breaks, with what each does.</summary>
    public static IEnumerable<(string Name, string What)> All => Known.Select(k => (k.Key, k.Value.What));

    /// <summary>A fresh instance by name; null or empty: nothing is broken.</summary>
    /// <exception cref="ArgumentException">No such break.</exception>
    public static DeliberateBreak Create(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return new DeliberateBreak();
        }

        return Known.TryGetValue(name, out (string What, Func<DeliberateBreak> Create) found)
            ? found.Create()
            : throw new ArgumentException($"There is no break named '{name}'; there are: {string.Join(", ", Known.Keys)}.", nameof(name));
    }

    /// <summary>Prepares a machine.</summary>
    public virtual void Install(Machine machine, VirtualClock clock)
    {
    }

    /// <summary>Other settings for a node.</summary>
    public virtual NodeCoreOptions Change(NodeCoreOptions options) => options;

    /// <summary>Another message to send in place of this one; null: the message as it is.</summary>
    public virtual Message? Rewrite(Message message) => null;

    /// <summary>Whether the message is lost.</summary>
    public virtual bool Drops(uint group, Message message) => false;

    /// <summary>Another write batch in place of the one that a client sent.</summary>
    public virtual ReadOnlyMemory<byte> RewriteWrite(ReadOnlyMemory<byte> batch) => batch;

    /// <summary>Whether the replica answers a linearizable query from its state without asking anybody.</summary>
    public virtual bool AnswersLocally(Replica replica) => false;
}
