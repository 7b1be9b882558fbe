using Lattice.Core.Consensus;
using Lattice.Core.Log;
using Lattice.Core.State;
using Lattice.Core.Telemetry;
using Lattice.Core.Verification;

namespace Lattice.Core.Replication;

/// <summary>What a replica is made of.</summary>
internal sealed record ReplicaParts(
    uint Group,
    int Node,
    ulong Incarnation,
    RaftNode Raft,
    GroupLog Log,
    WriteAheadLog Wal,
    StateMachine State,
    IStateEngine Engine,
    CausalTrace Trace,
    WriteTimings.Group? Timings);
