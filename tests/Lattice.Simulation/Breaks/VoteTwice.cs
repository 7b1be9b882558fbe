using Lattice.Core.Consensus;

namespace Lattice.Simulation.Breaks;

/// <summary>A voter that has given its vote away grants it again to whoever asks.</summary>
internal sealed class VoteTwice : DeliberateBreak
{
    public override Message? Rewrite(Message message) =>
        message is { Kind: MessageKind.VoteReply or MessageKind.PreVoteReply, Reject: true } ? message with { Reject = false } : null;
}
