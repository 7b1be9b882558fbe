namespace Lattice.Core.Consensus;

/// <summary>What became of a proposal.</summary>
public enum ProposalStatus : byte
{
    /// <summary>It is in the leader's log. Whether it gets committed is still open.</summary>
    Accepted = 0,

    /// <summary>This replica does not lead the group; nothing was done.</summary>
    NotLeader = 1,

    /// <summary>Leadership is being handed over; nothing was done, and the next leader can be asked soon.</summary>
    Transferring = 2,

    /// <summary>Too much is waiting to be committed; nothing was done.</summary>
    Overloaded = 3,

    /// <summary>Another configuration change is under way, or the leader is too new to begin one; nothing was done.</summary>
    Pending = 4,

    /// <summary>The change makes no sense with the present members; nothing was done.</summary>
    Invalid = 5,
}
