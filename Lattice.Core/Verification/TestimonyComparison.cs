namespace Lattice.Core.Verification;

/// <summary>Puts what the nodes say of themselves beside what was found on one of them.</summary>
public static class TestimonyComparison
{
    // More of them say no more about whether others have the same fault.
    private const int MostKeys = 16;

    /// <summary>What to ask about a divergence.</summary>
    /// <param name="divergence">What was found.</param>
    /// <param name="applied">Last entry in the state of the replica that is wrong; 0: none.</param>
    public static TestimonyQuestion Ask(Divergence divergence, ulong applied)
    {
        ArgumentNullException.ThrowIfNull(divergence);
        bool isOfEntry = divergence.OwnDigest is not null || divergence.Digests.Count > 0;
        return new TestimonyQuestion(divergence.Group, divergence.Kind, isOfEntry ? divergence.Entry.Index : applied, divergence.Entry.Index, [.. divergence.Records.Take(MostKeys).Select(r => r.Key)]);
    }

    /// <summary>Whether some of those that answered may still come to the entry after which digests are compared.</summary>
    public static bool IsIncomplete(TestimonyQuestion question, IReadOnlyCollection<Testimony> others)
    {
        ArgumentNullException.ThrowIfNull(question);
        return question.DigestAt > 0 && others.Any(o => o.Digest is null);
    }

    /// <summary>Puts the answers in.</summary>
    /// <param name="divergence">What was found.</param>
    /// <param name="question">What was asked.</param>
    /// <param name="own">What the node that is wrong says.</param>
    /// <param name="others">What the others say.</param>
    public static Divergence Join(Divergence divergence, TestimonyQuestion question, Testimony own, IReadOnlyCollection<Testimony> others)
    {
        ArgumentNullException.ThrowIfNull(divergence);
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(others);
        var digests = divergence.Digests.ToDictionary(d => d.Node);
        Add(digests, question, own with { Digest = divergence.OwnDigest ?? own.Digest });
        foreach (Testimony other in others)
        {
            Add(digests, question, other);
        }

        return divergence with
        {
            Digests = [.. digests.Values.OrderBy(d => d.Node)],
            Nodes = [.. others.Append(own).Select(t => t.Node).OrderBy(n => n.Node)],
            Checks = divergence.Checks with
            {
                SameEntryBytesOnPeers = SameEntry(own, others) ?? divergence.Checks.SameEntryBytesOnPeers,
                OtherReplicasAffected = others.Count == 0 ? divergence.Checks.OtherReplicasAffected : others.Count(o => o.IsAffected),
            },
        };
    }

    private static bool? SameEntry(Testimony own, IReadOnlyCollection<Testimony> others)
    {
        UInt128[] theirs = [.. others.Select(o => o.EntryHash).OfType<UInt128>()];
        return own.EntryHash is not { } mine || theirs.Length == 0 ? null : theirs.All(hash => hash == mine);
    }

    // What was said while the difference was being decided counts for more than what is said afterwards.
    private static void Add(Dictionary<int, ReplicaDigest> digests, TestimonyQuestion question, Testimony said)
    {
        if (said.Digest is { } digest)
        {
            digests.TryAdd(said.Node.Node, new ReplicaDigest(said.Node.Node, question.DigestAt, digest));
        }
    }
}
