using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.Core.Verification;

/// <summary>Kinds of faults that an operator may inject to rehearse what to do.</summary>
public enum DrillKind
{
    /// <summary>A bit of a record flips in memory between its execution and its commit.</summary>
    Memory,

    /// <summary>A bit of a cached record flips.</summary>
    Cache,

    /// <summary>A bit of a stored record flips on the disk.</summary>
    Disk,

    /// <summary>A command does on this node something else than on the others, as one that asked for the local time would.</summary>
    Command,

    /// <summary>A message arrives that breaks a rule of the protocol.</summary>
    Protocol,
}

/// <summary>
/// Injects one fault into a replica that otherwise runs as ever, on the way that everything takes. Used in the group's loop; without a drill it does nothing.
/// </summary>
internal sealed class Drills(StateMachine state, RaftNode raft, ReplicaTrace trace)
{
    private DrillKind? armed;

    /// <summary>Injects a fault now, or into the next entry that gives the occasion.</summary>
    /// <returns>What was done, or will be; null: there is nothing yet to which it could be done.</returns>
    public string? Inject(DrillKind kind, Random random)
    {
        trace.Drilled(kind);
        switch (kind)
        {
            case DrillKind.Cache:
                return state.Records.FlipCachedBit(random) is { } cached ? $"flipped a bit of the cached copy of {ReportedKey.Of(cached)}" : null;
            case DrillKind.Disk:
                return FlipStoredBit(random);
            case DrillKind.Protocol:
                return StepForgedMessage();
            default:
                armed = kind;
                return kind == DrillKind.Memory ? "flips a bit of the next record that is written" : "lets the next put write something else than on the other nodes";
        }
    }

    /// <summary>Takes back what waits for an occasion.</summary>
    public void Disarm() => armed = null;

    /// <summary>Gives the entries as they are to be executed.</summary>
    public IReadOnlyList<Entry> BeforeExecution(IReadOnlyList<Entry> entries)
    {
        if (armed != DrillKind.Command)
        {
            return entries;
        }

        var changed = new List<Entry>(entries);
        for (int i = 0; i < changed.Count; i++)
        {
            if (changed[i].Kind == EntryKind.Command && WithOtherValue(changed[i].Data) is { } data)
            {
                armed = null;
                changed[i] = changed[i] with { Data = data };
                break;
            }
        }

        return changed;
    }

    /// <summary>Gives what was executed its fault.</summary>
    public void AfterExecution(ExecutedEntries executed)
    {
        if (armed != DrillKind.Memory)
        {
            return;
        }

        foreach (Effect effect in executed.Effects)
        {
            if (effect.After.RawRow is { Length: > StateRecord.HeaderSize } row)
            {
                armed = null;
                row[^1] ^= 0x10;
                return;
            }
        }
    }

    private string? FlipStoredBit(Random random)
    {
        using IStateCursor cursor = state.Records.Cursor(default, default);
        byte[]? key = null;
        byte[]? row = null;
        for (int steps = random.Next(1, 1000); steps > 0 && cursor.Next(); steps--)
        {
            if (cursor.Value.Length > StateRecord.HeaderSize)
            {
                (key, row) = (cursor.Key[StateKeys.PrefixSize..].ToArray(), cursor.Value.ToArray());
            }
        }

        if (key is null || row is null)
        {
            return null;
        }

        row[^1] ^= (byte)(1 << random.Next(8));
        state.Records.Overwrite(key, row);
        return $"flipped a bit of the stored record {ReportedKey.Of(key)}";
    }

    private string? StepForgedMessage()
    {
        int other = raft.Configuration.Voters.FirstOrDefault(voter => voter != raft.Node && voter != raft.Leader);
        if (other == 0 || raft.Leader == 0)
        {
            return null;
        }

        raft.Step(new Message
        {
            Kind = MessageKind.Heartbeat,
            From = other,
            FromIncarnation = raft.Configuration.IncarnationOf(other),
            To = raft.Node,
            Term = raft.Term,
            HintTerm = raft.Configuration.IncarnationOf(raft.Node),
        });
        return $"pretended that node {other} leads term {raft.Term}, which node {raft.Leader} leads";
    }

    /// <summary>The payload with all bytes of the first put value inverted; null: there is none.</summary>
    private static byte[]? WithOtherValue(ReadOnlyMemory<byte> payload)
    {
        if (!EntryPayload.TryDecode(payload, out EntryPayload? decoded))
        {
            return null;
        }

        var command = new ParsedCommand();
        for (int i = 0; i < decoded.Batches.Count; i++)
        {
            ReadOnlySpan<byte> batch = decoded.Batches[i].Span;
            if (!WriteBatchReader.TryOpen(batch, command, out WriteBatchReader reader, out int count))
            {
                continue;
            }

            for (int c = 0; c < count; c++)
            {
                reader.TryRead(command);
                foreach (ParsedOperation operation in command.Operations)
                {
                    if (operation.Kind == OperationKind.Put && !batch[operation.Value].IsEmpty)
                    {
                        byte[] other = batch.ToArray();
                        foreach (ref byte b in other.AsSpan(operation.Value))
                        {
                            b = (byte)~b;
                        }

                        var batches = new List<ReadOnlyMemory<byte>>(decoded.Batches) { [i] = other };
                        return EntryPayload.Encode(decoded.TimeMs, batches);
                    }
                }
            }
        }

        return null;
    }
}
