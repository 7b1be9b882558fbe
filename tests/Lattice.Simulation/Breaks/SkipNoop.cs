using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Simulation.Cluster;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Breaks;

/// <summary>
/// A new leader takes its commit index for the truth though no entry of its own term is committed: what the entry
/// at the start of a term is there to prevent (dissertation, 6.4). That entry itself waits a while for company before it leaves the leader.
/// </summary>
internal sealed class SkipNoop : DeliberateBreak
{
    private const long HeldBack = 300 * VirtualClock.Millisecond;

    private readonly Dictionary<(uint Group, ulong Term), long> _seen = [];
    private VirtualClock? _clock;

    public override void Install(Machine machine, VirtualClock clock) => _clock = clock;

    public override bool Drops(uint group, Message message)
    {
        if (message is not { Kind: MessageKind.Append, Entries: [{ Kind: EntryKind.Noop }] })
        {
            return false;
        }

        _seen.TryAdd((group, message.Term), _clock!.Now);
        return _clock.Now < _seen[(group, message.Term)] + HeldBack;
    }

    public override bool AnswersLocally(Replica replica) =>
        replica.Status is { Role: RaftRole.Leader } status && status.Applied.Term < status.Term;
}
