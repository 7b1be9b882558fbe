using System.Globalization;
using System.Text;
using Lattice.Core.Consensus;

namespace Lattice.Core.Tests.Consensus.Cluster;

/// <summary>How scenarios write things down: positions and members as <c>index/term</c> and <c>node/incarnation</c>.</summary>
internal static class Describe
{
    public static string Entry(Entry entry) => entry.Kind switch
    {
        EntryKind.Noop => $"{entry.Index}/{entry.Term} noop",
        EntryKind.Command => $"{entry.Index}/{entry.Term} '{Encoding.UTF8.GetString(entry.Data.Span)}'",
        _ => $"{entry.Index}/{entry.Term} {Configuration(ConfigurationCodec.Decode(entry.Data.Span))}",
    };

    public static string Configuration(Configuration configuration)
    {
        if (configuration.IsEmpty)
        {
            return "no members";
        }

        var text = new StringBuilder("voters ");
        text.Append(Members(configuration, configuration.Voters));
        Part(" outgoing ", configuration.OutgoingVoters);
        Part(" learners ", configuration.Learners);
        Part(" learners-next ", configuration.LearnersNext);
        if (!configuration.Removed.IsEmpty)
        {
            text.Append(" removed ").AppendJoin(',', configuration.Removed);
        }

        return text.ToString();

        void Part(string name, IReadOnlyCollection<int> nodes)
        {
            if (nodes.Count > 0)
            {
                text.Append(name).Append(Members(configuration, nodes));
            }
        }
    }

    public static string Message(Message message)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{message.From} -> {message.To} {message.Kind}"));
        if (message.Term != 0)
        {
            text.Append(" term ").Append(message.Term);
        }

        if (message.Kind is MessageKind.PreVote or MessageKind.Vote or MessageKind.Append or MessageKind.RecoveryVote || (message.Kind is MessageKind.AppendReply && !message.Reject))
        {
            text.Append(message.Kind == MessageKind.Append ? " after " : " at ").Append(message.Index).Append('/').Append(message.LogTerm);
        }
        else if (message.Kind is MessageKind.Join or MessageKind.Snapshot || message is { Kind: MessageKind.ReadIndexReply, Reject: false })
        {
            text.Append(" at ").Append(message.Index);
        }

        if (message.Kind is MessageKind.Append or MessageKind.Heartbeat)
        {
            text.Append(" commit ").Append(message.Commit);
        }

        if (message.Entries.Count > 0)
        {
            text.Append(" [").AppendJoin(", ", message.Entries.Select(Entry)).Append(']');
        }

        if (message.Kind is MessageKind.ReadIndex or MessageKind.ReadIndexReply or MessageKind.Heartbeat or MessageKind.HeartbeatReply && message.Context != 0)
        {
            text.Append(message.Kind is MessageKind.Heartbeat or MessageKind.HeartbeatReply ? " round " : " read ").Append(message.Context);
        }

        Rejection(text, message);
        text.Append(message.Founding ? " founding" : string.Empty).Append(message.Transfer ? " transfer" : string.Empty);
        return text.ToString();
    }

    private static void Rejection(StringBuilder text, Message message)
    {
        if (message.Kind == MessageKind.RecoveryVoteReply)
        {
            text.Append(' ').Append((RecoveryAnswerKind)message.HintIndex).Append(" at ").Append(message.Index).Append('/').Append(message.LogTerm);
        }
        else if (message.Reject)
        {
            text.Append(" rejects");
            if (message.Kind == MessageKind.AppendReply)
            {
                text.Append(' ').Append(message.Index).Append(" hint ").Append(message.HintIndex).Append('/').Append(message.HintTerm);
            }
        }
    }

    private static string Members(Configuration configuration, IEnumerable<int> nodes) =>
        string.Join(',', nodes.Select(node => $"{node}/{configuration.IncarnationOf(node)}"));
}
