using System.Buffers.Binary;
using Lattice.Core.Consensus;

namespace Lattice.Core.Verification;

/// <summary>How a replica's state stands to those of the others.</summary>
public enum VerificationState
{
    /// <summary>Nothing is compared: <c>[verification] enabled = false</c>.</summary>
    Off,

    /// <summary>Started with a state that no other replica has confirmed yet: it serves nothing before.</summary>
    Unproven,

    /// <summary>Agrees with the others as far as compared.</summary>
    Agrees,

    /// <summary>Differs from another replica: the others are being asked, and nothing is served meanwhile.</summary>
    Arbitrating,

    /// <summary>Differs from another replica, and no majority says which is right: nothing is served.</summary>
    NoMajority,

    /// <summary>Found to be wrong: it has stopped.</summary>
    Diverged,
}

/// <summary>
/// Compares a replica's digests with those of the other replicas of its group. The leader's ride on the messages that go to its followers anyway; a follower that knows
/// the leader's digest of an entry compares before it commits what the entry did, else when the digest comes. Whoever finds a difference asks all voters for
/// their digest at that entry: the majority is right, and each replica judges only itself. A replica that is
/// no member under its incarnation takes no part: it may come from a history that was given up. Used by the group's loop.
/// </summary>
internal sealed class DigestExchange(uint group, int node, ulong incarnation, int patienceTicks, ReplicaTrace trace, Action<Message> send)
{
    // What the context of a message says.
    private const ulong AnswerWanted = 1;
    private const ulong NotReached = 2;

    // What followers were told of entries that they have not applied yet, at most. More is not kept: what was told first is reached first, so that a follower that is
    // always behind still compares again and again.
    private const int MostExpected = 64;

    // How long what was executed may lack another replica's word before the others are asked: what they told may have been lost.
    private const int TicksUntilAsked = 2;

    // How long a leader waits for somebody who can confirm its state: longer than what cuts a healthy replica off from it takes as a rule.
    private const int TicksAlone = 600;

    private readonly DigestRing ring = new();
    private readonly Queue<Expected> expected = new();
    private readonly List<(int Node, ulong Index)> asked = [];

    // Members that will never have an entry in common with this state: they can only be brought up to date by a snapshot of it.
    private readonly HashSet<int> incomparable = [];
    private ulong provenFrom;
    private bool isProven;
    private bool beganWithState;
    private int ticksWithoutComparison;
    private int ticksWithoutAgreement;
    private ulong executedAtTick;
    private ulong lastExpected;
    private ulong undecidableUpTo;
    private DigestArbitration? arbitration;

    private readonly record struct Expected(int Node, ulong Incarnation, LogPosition Entry, UInt128 Digest);

    /// <summary>Last entry after which another replica had the same digest.</summary>
    public ulong AgreedIndex { get; private set; }

    /// <summary>How the state stands.</summary>
    public VerificationState State => arbitration is { } open
        ? open.Ticks > patienceTicks ? VerificationState.NoMajority : VerificationState.Arbitrating
        : isProven ? VerificationState.Agrees : VerificationState.Unproven;

    /// <summary>Whether the replica may answer its clients.</summary>
    public bool MayServe => arbitration is null && isProven;

    /// <summary>Whether the replica may go on applying entries.</summary>
    public bool MayApply => arbitration is null;

    /// <summary>The digests known here.</summary>
    public DigestRing Digests => ring;

    /// <summary>Begins with a state: at the start, or when a snapshot was installed.</summary>
    /// <param name="applied">Last entry applied.</param>
    /// <param name="digest">Digest of the state.</param>
    /// <param name="isNew">Whether there is nothing to prove: the state is empty, or was checked against its sender's when it came.</param>
    public void Begin(LogPosition applied, UInt128 digest, bool isNew)
    {
        ring.Add(applied, digest);
        provenFrom = applied.Index;
        isProven |= isNew;
        beganWithState |= !isNew;
        arbitration = null;
        undecidableUpTo = 0;
        incomparable.Clear();
    }

    /// <summary>Compares entries that were executed, before they are committed. On return <see cref="MayApply"/> says whether they may be.</summary>
    /// <exception cref="StateDivergenceException">A majority has other digests.</exception>
    public void Check(LogPosition entry, UInt128 digest, Configuration members)
    {
        if (entry.Index <= ring.Last.Index)
        {
            // Compared before; the commit had to wait.
            CheckAgain(entry, digest);
            return;
        }

        ring.Add(entry, digest);
        if (!TakesPart(members))
        {
            return;
        }

        while (expected.TryPeek(out Expected known) && known.Entry.Index <= entry.Index)
        {
            expected.Dequeue();
            if (known.Entry.Index == entry.Index && members.Accepts(known.Node, known.Incarnation))
            {
                Compare(known, members);
            }
        }
    }

    /// <summary>
    /// What waits is executed again before it is committed. An outcome that was not compared is never committed; and if another replica has this second one, the first was
    /// wrong, which decides a difference that no majority can decide. One that nobody has tells only that the command does not do the same everywhere.
    /// </summary>
    private void CheckAgain(LogPosition entry, UInt128 digest)
    {
        if (!ring.TryGet(entry.Index, out LogPosition known, out UInt128 first) || (known == entry && first == digest))
        {
            return;
        }

        if (arbitration is not { } open)
        {
            throw new StateDivergenceException(NotRepeated(entry, [new ReplicaDigest(node, entry.Index, first)]));
        }

        if (open.Entry.Index == entry.Index && open.Answers.ContainsValue(digest))
        {
            throw new StateDivergenceException(NotRepeated(entry, open.Digests));
        }
    }

    /// <summary>Answers those that asked about entries that have been executed since.</summary>
    public void Answer()
    {
        for (int i = asked.Count - 1; i >= 0; i--)
        {
            if (asked[i].Index <= ring.Last.Index)
            {
                Send(asked[i].Node, asked[i].Index, answerWanted: false);
                asked.RemoveAt(i);
            }
        }
    }

    /// <summary>Tells the other members the digest after the latest entry.</summary>
    public void Tell(Configuration members) => SendToAll(members, ring.Last.Index, answerWanted: false, canWait: true);

    /// <summary>Takes what another replica says.</summary>
    /// <exception cref="StateDivergenceException">A majority has other digests.</exception>
    public void Take(Message message, Configuration members)
    {
        if (!TakesPart(members) || !members.Accepts(message.From, message.FromIncarnation))
        {
            return;
        }

        bool answerWanted = message.Context == AnswerWanted;
        if (message.Data.Length != 16)
        {
            TakeNoAnswer(message, members);
            return;
        }

        var said = new Expected(message.From, message.FromIncarnation, new LogPosition(message.Index, message.LogTerm), BinaryPrimitives.ReadUInt128LittleEndian(message.Data.Span));
        if (message.Index > ring.Last.Index)
        {
            Keep(said);
            if (answerWanted && asked.Count < MostExpected && !asked.Contains((message.From, message.Index)))
            {
                asked.Add((message.From, message.Index));
            }

            if (answerWanted)
            {
                SendNotReached(message.From, message.Index);
            }

            return;
        }

        if (answerWanted)
        {
            Send(message.From, message.Index, answerWanted: false);
        }

        Compare(said, members);
    }

    /// <summary>A tick: asks again while something is open.</summary>
    /// <exception cref="StateDivergenceException">A majority has other digests.</exception>
    public void Tick(Configuration members)
    {
        if (!TakesPart(members))
        {
            return;
        }

        if (arbitration is { } open)
        {
            open.Ticks++;
            SendToAll(members, open.Entry.Index, answerWanted: true);
            Decide(open, members);
        }
        else if (!isProven)
        {
            ticksWithoutComparison++;

            // Alone there is nobody to compare with.
            isProven = members.Voters.Count <= 1 && members.Voters.Contains(node);
            SendToAll(members, ring.Last.Index, answerWanted: true);
        }
        else
        {
            AskIfNobodyAgrees(members);
        }
    }

    /// <summary>A digest that was lost is not told again when nothing more is written, and a leader is told none: it has to ask.</summary>
    private void AskIfNobodyAgrees(Configuration members)
    {
        ticksWithoutAgreement = AgreedIndex < executedAtTick ? ticksWithoutAgreement + 1 : 0;
        executedAtTick = ring.Last.Index;
        if (ticksWithoutAgreement >= TicksUntilAsked)
        {
            ticksWithoutAgreement = 0;
            SendToAll(members, ring.Last.Index, answerWanted: true);
        }
    }

    /// <summary>What there is to say when nobody has been able to decide a difference for a while; once for each, null otherwise.</summary>
    public Divergence? TakeUndecided()
    {
        if (arbitration is not { IsTold: false } open || open.Ticks <= patienceTicks)
        {
            return null;
        }

        open.IsTold = true;
        return new Divergence
        {
            Kind = DivergenceKind.PeerDigest,
            Phase = IsNewToTheOthers ? DivergencePhase.Boot : DivergencePhase.Exchange,
            Group = group,
            Entry = open.Entry,
            Verdict = DivergenceVerdict.NoMajority,
            Message = $"The state of group {group} after entry {open.Entry.Index} is not that of another replica, and no majority says which is right.",
            Digests = open.Digests,
            Checks = new DivergenceChecks { ModelAgreed = true },
        };
    }

    /// <summary>
    /// Whether there is no other replica that could confirm this state: all others can only be brought up to date by a snapshot of it, or none had an entry in common with it for
    /// so long that there will be none. The state was checked against itself; <see cref="State"/> says that nobody has confirmed it. Counts for a leader
    /// only: a majority follows it, so the others do hear it, while a follower that hears of nobody may have been cut off, or may not know any more who is a member.
    /// </summary>
    public bool HasNobodyToCompareWith(Configuration members) => arbitration is null && (ticksWithoutComparison > TicksAlone || OthersAreIncomparable(members));

    /// <summary>A member needs entries that the log here no longer holds: it will have this state, and none to compare it with.</summary>
    public void NeedsSnapshot(int member) => incomparable.Add(member);

    /// <summary>Another replica sends to the members now: what they need from here does not matter any longer.</summary>
    public void LeadershipLost() => incomparable.Clear();

    /// <summary>
    /// A member came back without its log and state, so what it said before is gone with them. If that leaves nobody to decide an open difference with, it is given up: this is
    /// the only state that there is.
    /// </summary>
    public void Joins(int member, ulong asIncarnation, Configuration members)
    {
        if (!members.IsMember(member) || members.Accepts(member, asIncarnation))
        {
            return;
        }

        incomparable.Add(member);
        if (arbitration is { } open)
        {
            open.Answers.Remove(member);
            if (OthersAreIncomparable(members))
            {
                GiveUp(open);
            }
        }
    }

    private bool OthersAreIncomparable(Configuration members) => DigestArbitration.All(members).All(member => member == node || incomparable.Contains(member));

    // Nothing of what this process has was ever found to be what another replica has: it began with the difference.
    private bool IsNewToTheOthers => beganWithState && AgreedIndex == 0;

    private bool TakesPart(Configuration members) => members.Accepts(node, incarnation);

    /// <summary>A member does not know the entry's digest: it has not come there, or has left it behind.</summary>
    private void TakeNoAnswer(Message message, Configuration members)
    {
        if (arbitration is not { } open || message.Index != open.Entry.Index)
        {
            return;
        }

        if (message.Context == NotReached)
        {
            open.Behind.Add(message.From);
            Decide(open, members);
        }
        else
        {
            open.Answers[message.From] = null;
            GiveUpIfUndecidable(members);
        }
    }

    private void SendNotReached(int to, ulong index) => send(new Message { Kind = MessageKind.Digest, To = to, Index = index, Context = NotReached });

    private void Keep(Expected said)
    {
        // What is told is told in order, but not all by one node: what is out of order would be passed over.
        if (expected.Count < MostExpected && (expected.Count == 0 || lastExpected <= said.Entry.Index))
        {
            expected.Enqueue(said);
            lastExpected = said.Entry.Index;
        }
    }

    private void Compare(Expected said, Configuration members)
    {
        if (!ring.TryGet(said.Entry.Index, out LogPosition entry, out UInt128 own))
        {
            return;
        }

        bool agrees = said.Entry == entry && said.Digest == own;
        trace.Compared(said.Node, entry, own, said.Digest, agrees);
        ticksWithoutComparison = 0;
        incomparable.Remove(said.Node);
        if (arbitration is { } open)
        {
            if (said.Entry.Index == open.Entry.Index)
            {
                open.Answers[said.Node] = said.Digest;
                open.Behind.Remove(said.Node);
                Decide(open, members);
                GiveUpIfUndecidable(members);
            }

            return;
        }

        if (!agrees && entry.Index <= undecidableUpTo)
        {
            // Asking once more would bring the same answers.
            return;
        }

        if (agrees)
        {
            AgreedIndex = Math.Max(AgreedIndex, entry.Index);
            isProven |= entry.Index >= provenFrom;
            return;
        }

        arbitration = new DigestArbitration(node, entry, own);
        arbitration.Answers[said.Node] = said.Digest;
        SendToAll(members, entry.Index, answerWanted: true);
        Decide(arbitration, members);
    }

    private void Decide(DigestArbitration open, Configuration members)
    {
        if (open.Decide(members) is not { } right)
        {
            return;
        }

        arbitration = right == open.Own ? null : throw new StateDivergenceException(Minority(open));
        isProven = true;
        AgreedIndex = Math.Max(AgreedIndex, open.Entry.Index);
    }

    /// <summary>
    /// When a member does not know the entry's digest any longer, the difference may never be decided there. The replica goes on applying, but serves nothing, until
    /// it has an entry in common with all of them.
    /// </summary>
    private void GiveUpIfUndecidable(Configuration members)
    {
        if (arbitration is { } open && open.IsUndecidable(members))
        {
            GiveUp(open);
        }
    }

    private void GiveUp(DigestArbitration open)
    {
        undecidableUpTo = open.Entry.Index;
        arbitration = null;
        isProven = false;
        provenFrom = ring.Last.Index;
    }

    private Divergence Minority(DigestArbitration open) => new()
    {
        Kind = DivergenceKind.PeerDigest,
        Phase = IsNewToTheOthers ? DivergencePhase.Boot : DivergencePhase.Exchange,
        Group = group,
        Entry = open.Entry,
        Verdict = DivergenceVerdict.Minority,
        Message = $"The state of group {group} after entry {open.Entry.Index} is not that of the majority.",
        Digests = open.Digests,
        Checks = new DivergenceChecks { ModelAgreed = true },
    };

    private Divergence NotRepeated(LogPosition entry, IReadOnlyList<ReplicaDigest> digests) => new()
    {
        Kind = DivergenceKind.PeerDigest,
        Phase = DivergencePhase.Exchange,
        Group = group,
        Entry = entry,
        Message = digests.Count > 1
            ? $"The state of group {group} after entry {entry.Index} is not that of another replica, and executing the entry again gives what that one has."
            : $"Executing entry {entry.Index} of group {group} again gives another state than the first time.",
        Digests = digests,
        Checks = new DivergenceChecks { ModelAgreed = true, ExecutionRepeatedAgrees = false },
    };

    private void SendToAll(Configuration members, ulong index, bool answerWanted, bool canWait = false)
    {
        foreach (int member in DigestArbitration.All(members))
        {
            if (member != node)
            {
                Send(member, index, answerWanted, canWait);
            }
        }
    }

    private void Send(int to, ulong index, bool answerWanted, bool canWait = false)
    {
        byte[] data = [];
        if (ring.TryGet(index, out LogPosition entry, out UInt128 digest))
        {
            data = new byte[16];
            BinaryPrimitives.WriteUInt128LittleEndian(data, digest);
        }

        send(new Message
        {
            Kind = MessageKind.Digest,
            To = to,
            Index = index,
            LogTerm = entry.Term,
            Context = answerWanted ? AnswerWanted : 0,
            CanWait = canWait,
            Data = data,
        });
    }
}
