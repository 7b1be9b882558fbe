namespace Lattice.Core.Consensus;

/// <summary>How a leader sends to a member.</summary>
public enum ProgressState : byte
{
    /// <summary>Where the logs agree is unknown: one append at a time.</summary>
    Probe = 0,

    /// <summary>The logs agree: appends are pipelined.</summary>
    Replicate = 1,

    /// <summary>The member needs entries that the log no longer holds: nothing is sent until a snapshot has arrived.</summary>
    Snapshot = 2,
}

/// <summary>How far a member is, as its leader knows.</summary>
/// <param name="Node">Node id.</param>
/// <param name="Incarnation">Configured incarnation; 0 while none has been accepted.</param>
/// <param name="IsVoter">Whether it votes.</param>
/// <param name="State">How the leader sends to it.</param>
/// <param name="Match">Last index that it acknowledged as durable.</param>
/// <param name="Next">Next index to send to it.</param>
/// <param name="RecentActive">Whether it was heard within an election timeout and is not known to be gone.</param>
/// <param name="Inflight">Appends under way to it.</param>
public readonly record struct PeerProgress(
    int Node,
    ulong Incarnation,
    bool IsVoter,
    ProgressState State,
    ulong Match,
    ulong Next,
    bool RecentActive,
    int Inflight);
