namespace Lattice.Core.Consensus;

/// <summary>What the next <see cref="Ready"/> will carry besides log and hard state.</summary>
internal sealed class Outbox
{
    private List<Message> messages = [];
    private List<Message> afterPersist = [];
    private List<ReadState> reads = [];
    private List<Member> joins = [];

    public bool IsEmpty => messages.Count == 0 && afterPersist.Count == 0 && reads.Count == 0 && joins.Count == 0;

    /// <summary>Sends a message that promises nothing about this replica's disk.</summary>
    public void Send(Message message) => messages.Add(message);

    /// <summary>Sends a message once everything before it is durable.</summary>
    public void SendAfterPersist(Message message)
    {
        // Acknowledgements to one leader in a row: the last one says it all.
        if (afterPersist.Count > 0 && IsAcknowledgement(message) && IsAcknowledgement(afterPersist[^1]) && afterPersist[^1] is { } last
            && last.To == message.To && last.Term == message.Term && last.Index <= message.Index)
        {
            afterPersist[^1] = message;
            return;
        }

        afterPersist.Add(message);
    }

    public void Answer(ReadState read) => reads.Add(read);

    public void Join(Member member)
    {
        joins.RemoveAll(known => known.Node == member.Node);
        joins.Add(member);
    }

    public IReadOnlyList<Message> TakeMessages() => messages.Count == 0 ? [] : Detach(ref messages);

    public IReadOnlyList<Message> TakeAfterPersist() => afterPersist.Count == 0 ? [] : Detach(ref afterPersist);

    public IReadOnlyList<ReadState> TakeReads() => reads.Count == 0 ? [] : Detach(ref reads);

    public IReadOnlyList<Member> TakeJoins() => joins.Count == 0 ? [] : Detach(ref joins);

    private static bool IsAcknowledgement(Message message) => message.Kind == MessageKind.AppendReply && !message.Reject;

    // An empty list stays for the next round; a full one goes to the caller for good.
    private static List<T> Detach<T>(ref List<T> list)
    {
        List<T> taken = list;
        list = [];
        return taken;
    }
}
