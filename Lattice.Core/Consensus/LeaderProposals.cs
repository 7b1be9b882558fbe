namespace Lattice.Core.Consensus;

/// <summary>What a leader appends: commands within a bound, and configurations one at a time.</summary>
internal sealed class LeaderProposals(RaftCore core, Replicator replicator, LeadershipTransfer transfer)
{
    // Bytes of entries of this term that have not been handed out for applying.
    private long waitingBytes;

    public ProposalStatus Propose(ReadOnlyMemory<byte> data, out LogPosition position)
    {
        position = default;
        if (transfer.Target != 0)
        {
            return ProposalStatus.Transferring;
        }

        if (waitingBytes >= core.Options.MaxUncommittedBytes)
        {
            return ProposalStatus.Overloaded;
        }

        position = Append(EntryKind.Command, data);
        return ProposalStatus.Accepted;
    }

    public ProposalStatus Propose(ConfigurationChange change, out LogPosition position)
    {
        position = default;
        if (transfer.Target != 0)
        {
            return ProposalStatus.Transferring;
        }

        // One at a time, and not before an entry of this term is committed: otherwise two leaders in succession, each with a change of its
        // own on top of the same configuration, could decide with majorities that do not meet.
        if (!MayChange || core.Configuration.IsJoint)
        {
            return ProposalStatus.Pending;
        }

        if (change.ApplyTo(core.Configuration) is not { } changed)
        {
            return ProposalStatus.Invalid;
        }

        position = Append(EntryKind.Configuration, ConfigurationCodec.Encode(changed));
        return ProposalStatus.Accepted;
    }

    /// <summary>Leaves a joint configuration as soon as it is in effect. Also after a crash in the middle: whoever leads then does it.</summary>
    public void LeaveJoint()
    {
        if (core.Configuration.IsJoint && MayChange)
        {
            Append(EntryKind.Configuration, ConfigurationCodec.Encode(ConfigurationChange.Leave(core.Configuration)));
        }
    }

    /// <summary>Appends the first entry of the term.</summary>
    public LogPosition Begin(Configuration? first) => first is null
        ? Append(EntryKind.Noop, default)
        : Append(EntryKind.Configuration, ConfigurationCodec.Encode(first, takesEffectWhenAppended: true));

    /// <summary>Entries were handed out for applying.</summary>
    public void OnHandedOut(IReadOnlyList<Entry> entries)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i].Term == core.Term)
            {
                waitingBytes -= entries[i].Size;
            }
        }
    }

    private bool MayChange => !core.Configurations.HasPending && core.Log.Term(core.Log.Commit) == core.Term;

    private LogPosition Append(EntryKind kind, ReadOnlyMemory<byte> data)
    {
        Entry entry = core.AppendOwn(kind, data);
        waitingBytes += entry.Size;
        replicator.Touch();
        return new LogPosition(entry.Index, entry.Term);
    }
}
