namespace Lattice.Core.Consensus;

/// <summary>
/// What a leader knows of one member, and the flow control of what it sends to it. Belongs to one incarnation: when the configured
/// incarnation of a node changes, a new <see cref="Progress"/> begins at match 0.
/// </summary>
internal sealed class Progress(Member member, bool isVoter, ulong next, long tick, Inflights inflights)
{
    private readonly Inflights inflights = inflights;

    public Member Member { get; } = member;

    public bool IsVoter { get; set; } = isVoter;

    public ProgressState State { get; private set; }

    /// <summary>Last index acknowledged as durable.</summary>
    public ulong Match { get; private set; }

    /// <summary>Next index to send; always beyond <see cref="Match"/>.</summary>
    public ulong Next { get; private set; } = next;

    /// <summary>Commit index that the last message told.</summary>
    public ulong SentCommit { get; set; }

    /// <summary>Index that the snapshot under way reaches at least.</summary>
    public ulong PendingSnapshot { get; private set; }

    /// <summary>In <see cref="ProgressState.Probe"/>: an append is out and not answered.</summary>
    public bool ProbeSent { get; private set; }

    /// <summary>An append has to go out even if it carries no entries: its answer tells where the logs agree.</summary>
    public bool MustAsk { get; set; }

    /// <summary>Tick at which the member was last heard.</summary>
    public long ContactTick { get; set; } = tick;

    /// <summary>Highest heartbeat round that the member answered.</summary>
    public ulong AnsweredRound { get; set; }

    /// <summary>Tick at which the newest answered heartbeat was sent: its lease counts from there.</summary>
    public ulong AnsweredTick { get; set; }

    public int InflightCount => inflights.Count;

    /// <summary>Whether entries may be sent now.</summary>
    public bool CanSend => State switch
    {
        ProgressState.Probe => !ProbeSent,
        ProgressState.Replicate => !inflights.IsFull,
        _ => false,
    };

    public void BecomeProbe()
    {
        ulong reached = State == ProgressState.Snapshot ? Math.Max(Match, PendingSnapshot) : Match;
        ResetTo(ProgressState.Probe, reached + 1);
    }

    public void BecomeReplicate() => ResetTo(ProgressState.Replicate, Match + 1);

    public void BecomeSnapshot(ulong pending)
    {
        ResetTo(ProgressState.Snapshot, pending + 1);
        PendingSnapshot = pending;
    }

    /// <summary>The snapshot stream has ended. The next heartbeat that the member answers goes on from the snapshot, or from where it was before.</summary>
    public void SnapshotEnded(bool success)
    {
        if (State != ProgressState.Snapshot)
        {
            return;
        }

        PendingSnapshot = success ? PendingSnapshot : 0;
        BecomeProbe();
        Pause();
    }

    /// <summary>Notes an append sent with <paramref name="count"/> entries from <see cref="Next"/> on.</summary>
    public void Sent(int count, int bytes)
    {
        MustAsk = false;
        if (State == ProgressState.Probe)
        {
            ProbeSent = true;
        }
        else if (count > 0)
        {
            Next += (ulong)count;
            inflights.Add(Next - 1, bytes);
        }
    }

    /// <summary>The member acknowledged everything up to <paramref name="index"/>; false when that was known.</summary>
    public bool Acknowledge(ulong index)
    {
        inflights.FreeUpTo(index);
        if (index <= Match)
        {
            return false;
        }

        Match = index;
        Next = Math.Max(Next, index + 1);
        ProbeSent = false;
        return true;
    }

    /// <summary>
    /// The member refused an append after <paramref name="rejected"/>; the logs may agree at <paramref name="hint"/>. False when the
    /// refusal is out of date.
    /// </summary>
    public bool Reject(ulong rejected, ulong hint)
    {
        if (hint < Match)
        {
            // A member whose log matches up to Match never hints below it. Either the message is old, or the member lost what it
            // had acknowledged (a disk that does not sync). Counting less than was acknowledged is always safe.
            Match = hint;
            ResetTo(ProgressState.Probe, hint + 1);
            return true;
        }

        if (State == ProgressState.Replicate)
        {
            if (rejected <= Match)
            {
                return false;
            }

            BecomeProbe();
            return true;
        }

        if (Next - 1 != rejected)
        {
            return false;
        }

        Next = Math.Max(Math.Min(rejected, hint + 1), Match + 1);
        SentCommit = Math.Min(SentCommit, Next - 1);
        ProbeSent = false;
        MustAsk = true;
        return true;
    }

    /// <summary>The member is alive although it may not have got what was sent: one more message is worth it.</summary>
    public void Resume(ulong last)
    {
        ProbeSent = false;
        if (State == ProgressState.Replicate && inflights.IsFull)
        {
            inflights.FreeFirst();
        }

        MustAsk |= State == ProgressState.Probe || Match < last;
    }

    /// <summary>Nothing more is sent to the member until it is heard again.</summary>
    public void Pause()
    {
        if (State == ProgressState.Replicate)
        {
            BecomeProbe();
        }

        ProbeSent = State == ProgressState.Probe;
        MustAsk = false;
    }

    private void ResetTo(ProgressState state, ulong next)
    {
        State = state;
        Next = next;
        ProbeSent = false;
        MustAsk = state == ProgressState.Probe;
        PendingSnapshot = 0;
        SentCommit = Math.Min(SentCommit, next - 1);
        inflights.Clear();
    }
}
