using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Lattice.Grains;
using Lattice.Silo.Configuration;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Hosting;

/// <summary>
/// Finds out more about a divergence on this node by asking the others: which records differ, by comparing with a healthy replica, and how the replicas stand to each other. Whoever does not answer
/// is left out, and nothing waits for long: what a check found is enough for a report.
/// </summary>
internal sealed partial class DivergenceInquiry(NodeSettings settings, ReplicaHost host, PeerDirectory peers, NodeFacts facts, TimeProvider time, ILogger<DivergenceInquiry> logger)
{
    // The leadership has moved on meanwhile, and nobody waits for this node but the operator who reads the report.
    private static readonly TimeSpan LongestComparison = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestSearch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestTestimony = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(2);

    // The others may be on their way to the entry at which digests are compared: when a leader halts, another one has to commit it.
    private static readonly TimeSpan PauseBetweenQuestions = TimeSpan.FromMilliseconds(200);
    private const int MostQuestions = 4;

    // Digests are compared at the last of the entries that were executed together; the one that wrote the record may have been before it.
    private const ulong MostEntriesSearched = 256;

    /// <summary>What is known when the others have been asked.</summary>
    public async Task<Divergence> FindOutAsync(Divergence divergence)
    {
        divergence = await TryAsync(divergence, NarrowAsync, LongestComparison).ConfigureAwait(false);
        divergence = await TryAsync(divergence, NameCommandAsync, LongestSearch).ConfigureAwait(false);
        return await TryAsync(divergence, TakeTestimonyAsync, LongestTestimony).ConfigureAwait(false);
    }

    private async Task<Divergence> TryAsync(Divergence divergence, Func<Divergence, Task<Divergence>> ask, TimeSpan longest)
    {
        try
        {
            return await ask(divergence).WaitAsync(longest, time).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // What is known already is enough for a report, and it has to be written whatever else fails.
            LogNotAnswered(e.Message);
            return divergence;
        }
    }

    /// <summary>Finds the records that differ, when that is not known, by comparing with a healthy replica.</summary>
    private async Task<Divergence> NarrowAsync(Divergence divergence)
    {
        if (divergence.Group is not { } group)
        {
            return divergence;
        }

        bool isUnknown = divergence.Kind is DivergenceKind.PeerDigest or DivergenceKind.StoredDigest || divergence.Records.Any(r => !r.IsExpectedKnown);
        return isUnknown ? await CompareAsync(divergence, group).ConfigureAwait(false) : divergence;
    }

    /// <summary>Finds the command that wrote the records that differ, when that is not known.</summary>
    private async Task<Divergence> NameCommandAsync(Divergence divergence) =>
        divergence is { Group: { } group, Command: null, Records.Count: > 0 } ? divergence with { Command = await FindCommandAsync(divergence, group).ConfigureAwait(false) } : divergence;

    private async Task<ReportedCommand?> FindCommandAsync(Divergence divergence, uint group)
    {
        ulong last = divergence.Entry.Index;
        ulong searched = divergence.Kind == DivergenceKind.PeerDigest ? MostEntriesSearched : 1;
        for (ulong index = last; index > 0 && last - index < searched && await host.ReadEntryAsync(group, index).ConfigureAwait(false) is { } entry; index--)
        {
            if (DivergenceNarrowing.FindCommand(entry, divergence.Records) is { } command)
            {
                return command;
            }
        }

        return null;
    }

    private async Task<Divergence> CompareAsync(Divergence divergence, uint group)
    {
        using GroupSnapshot? own = await host.OpenViewAsync(group).ConfigureAwait(false);
        if (own is null)
        {
            return divergence;
        }

        BucketQuestion question = await Task.Run(() => DivergenceNarrowing.Ask(own)).ConfigureAwait(false);
        byte[] encoded = EvidenceCodec.Encode(question);
        foreach (int peer in Others)
        {
            if (await AskAsync(peer, service => service.Compare(encoded)).ConfigureAwait(false) is { } answer)
            {
                return DivergenceNarrowing.Narrow(divergence, own, question, EvidenceCodec.DecodeAnswer(answer));
            }
        }

        return divergence;
    }

    private async Task<Divergence> TakeTestimonyAsync(Divergence divergence)
    {
        ulong applied = host.Status().Replicas.FirstOrDefault(r => r.Group == divergence.Group)?.Applied.Index ?? 0;
        TestimonyQuestion question = TestimonyComparison.Ask(divergence, applied);
        byte[] encoded = EvidenceCodec.Encode(question);
        Testimony own = await host.TestifyAsync(question, await Task.Run(facts.Get).ConfigureAwait(false)).ConfigureAwait(false);
        var answers = new Dictionary<int, Testimony>();
        long began = time.GetTimestamp();

        // Ends in time for what was answered to count, though not all have.
        for (int round = 0; round < MostQuestions && time.GetElapsedTime(began) < LongestTestimony / 2; round++)
        {
            ReadOnlyMemory<byte>?[] said = await Task.WhenAll(Others.Select(peer => AskAsync(peer, service => service.Testify(encoded)))).ConfigureAwait(false);
            foreach (Testimony testimony in said.OfType<ReadOnlyMemory<byte>>().Select(EvidenceCodec.DecodeTestimony))
            {
                answers[testimony.Node.Node] = testimony;
            }

            if (answers.Count == Others.Length && !TestimonyComparison.IsIncomplete(question, answers.Values))
            {
                break;
            }

            await Task.Delay(PauseBetweenQuestions, time).ConfigureAwait(false);
        }

        return TestimonyComparison.Join(divergence, question, own, answers.Values);
    }

    private int[] Others => [.. settings.Cluster.Peers.Select(p => p.Id).Where(id => id != settings.Node)];

    /// <summary>Asks a node; null: it did not answer, or has nothing to say.</summary>
    private async Task<ReadOnlyMemory<byte>?> AskAsync(int peer, Func<IReplicaService, ValueTask<ReadOnlyMemory<byte>>> ask)
    {
        if (peers.Find(peer) is not { } service)
        {
            return null;
        }

        try
        {
            ReadOnlyMemory<byte> answer = await ask(service).AsTask().WaitAsync(LongestAnswer, time).ConfigureAwait(false);
            return answer.IsEmpty ? null : answer;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            LogNotAnswered($"Node {peer}: {e.Message}");
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What differs could not be compared with another node: {Reason}")]
    private partial void LogNotAnswered(string reason);
}
