using Lattice.Core.Consensus;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>How a replica stands: an immutable picture that its loop renews, for anybody to read.</summary>
public sealed record ReplicaStatus
{
    /// <summary>Group; 0 is the system group.</summary>
    public required uint Group { get; init; }

    /// <summary>Role in the group.</summary>
    public RaftRole Role { get; init; }

    /// <summary>Raft term.</summary>
    public ulong Term { get; init; }

    /// <summary>Leader as far as known; 0: none.</summary>
    public int Leader { get; init; }

    /// <summary>Commit index.</summary>
    public ulong Commit { get; init; }

    /// <summary>Applied position.</summary>
    public LogPosition Applied { get; init; }

    /// <summary>First index that the log still holds.</summary>
    public ulong FirstIndex { get; init; }

    /// <summary>Last index of the log.</summary>
    public ulong LastIndex { get; init; }

    /// <summary>Term of the last entry of the log.</summary>
    public ulong LastTerm { get; init; }

    /// <summary>Bytes of the live log.</summary>
    public long LogBytes { get; init; }

    /// <summary>The group's members.</summary>
    public Configuration Configuration { get; init; } = Configuration.Empty;

    /// <summary>How the state stands to those of the other replicas.</summary>
    public VerificationState Verification { get; init; }

    /// <summary>Whether callers are answered from the state: not while nobody has confirmed it, or while the replicas differ.</summary>
    public bool Serves { get; init; }

    /// <summary>Digest of the state after <see cref="Applied"/>.</summary>
    public UInt128 Digest { get; init; }

    /// <summary>Last entry after which another replica had the same digest.</summary>
    public ulong AgreedIndex { get; init; }

    /// <summary>Writes that wait for an entry.</summary>
    public int WaitingWrites { get; init; }

    /// <summary>Messages dropped because the replica's inbox was full.</summary>
    public long DroppedMessages { get; init; }
}
