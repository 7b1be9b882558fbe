using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.Core.Tests.Verification;

/// <summary>Divergence reports as a node makes them.</summary>
internal static class Reports
{
    public const uint Group = 3;
    public const ulong Index = 1042;
    public static readonly byte[] Key = "account/7"u8.ToArray();

    private const int Node = 2;

    /// <summary>A report that says only what was found.</summary>
    public static DivergenceReport Of(DivergenceKind kind, DivergencePhase phase, DivergenceChecks? checks = null) => new()
    {
        Id = "3-1042-2f9c",
        When = new DateTimeOffset(2031, 3, 4, 5, 6, 7, TimeSpan.Zero),
        Version = "1.2.3",
        Build = "a0b1c2d3",
        Cluster = "lattice",
        Node = Node,
        Incarnation = "00000000000000ff",
        Group = Group,
        Role = RaftRole.Follower,
        Term = 5,
        Index = Index,
        AppliedIndex = Index - 1,
        Detection = new DivergenceDetection { Kind = kind, Phase = phase, Message = "Something is not what it has to be." },
        Verdict = kind == DivergenceKind.PeerDigest ? DivergenceVerdict.Minority : DivergenceVerdict.SelfEvident,
        Checks = checks ?? new DivergenceChecks(),
    };

    /// <summary>A record's row.</summary>
    public static byte[] Row(string value, ulong revision = 900, ulong expiry = 0) =>
        new StateRecord(Group, Key, revision, expiry, Encoding.UTF8.GetBytes(value)).Row.ToArray();

    /// <summary>The row with one bit of the value flipped, its hash unchanged.</summary>
    public static byte[] Flipped(byte[] row, int bit = 3)
    {
        byte[] flipped = [.. row];
        flipped[^1] ^= (byte)(1 << bit);
        return flipped;
    }

    /// <summary>With a record that differs.</summary>
    public static DivergenceReport With(this DivergenceReport report, byte[]? own, byte[]? expected, bool isExpectedKnown = true) => report with
    {
        Keys = [.. report.Keys, RecordComparison.Compare(Group, new DivergentRecord(Key, own, expected, isExpectedKnown), redact: false)],
    };

    /// <summary>With a bucket whose digests differ.</summary>
    public static DivergenceReport WithBucket(this DivergenceReport report, UInt128 own, UInt128 expected) => report with
    {
        Buckets = [.. report.Buckets, new ReportedBucket(77, RecordComparison.Hex(own), RecordComparison.Hex(expected))],
    };

    /// <summary>With the replicas' digests; a majority decides.</summary>
    public static DivergenceReport WithDigests(this DivergenceReport report, params UInt128[] digests)
    {
        UInt128? majority = digests.GroupBy(d => d).FirstOrDefault(g => 2 * g.Count() > digests.Length)?.Key;
        return report with
        {
            Digests = [.. digests.Select((digest, i) => new ReportedDigest(i + 1, report.Index, RecordComparison.Hex(digest), majority is null ? null : digest == majority))],
            Verdict = majority is null ? DivergenceVerdict.NoMajority : report.Verdict,
        };
    }

    /// <summary>With three nodes; those that are named differ from the first.</summary>
    public static DivergenceReport WithNodes(this DivergenceReport report, string? otherVersion = null, string? otherLimits = null, int? otherFormat = null) => report with
    {
        Nodes = [.. Enumerable.Range(1, 3).Select(node => new ReportedNode
        {
            Node = node,
            Version = node == Node ? otherVersion ?? "1.2.3" : "1.2.3",
            Build = node == Node && otherVersion is not null ? "ffff" : "a0b1c2d3",
            LimitsHash = node == Node ? otherLimits ?? "11aa" : "11aa",
            Formats = new Dictionary<string, int> { ["state"] = node == Node ? otherFormat ?? 2 : 2, ["log"] = 1 },
            Settings = new Dictionary<string, string> { ["performance.cache_size"] = "10000" },
            UptimeSeconds = 3600 * node,
        })],
    };

    /// <summary>With the counters of a machine.</summary>
    public static DivergenceReport WithMachine(this DivergenceReport report, long corrected = 0, long uncorrected = 0, long deviceErrors = 0) => report with
    {
        Machine = new ReportedMachine
        {
            Processor = "An x86 processor",
            Cores = 8,
            MemoryBytes = 32L << 30,
            Kernel = "Linux 6.12",
            MemoryErrors = [new MemoryErrors("mc0", corrected, uncorrected)],
            DeviceErrors = [new DeviceErrors("sda", "ioerr_cnt", deviceErrors)],
        },
    };

    /// <summary>A report in which everything is said that a report can say.</summary>
    public static DivergenceReport Complete()
    {
        byte[] right = Row("100 coins", expiry: 5_000_000);
        DivergenceReport report = Of(DivergenceKind.Effects, DivergencePhase.Apply, new DivergenceChecks
        {
            ExecutionRepeatedAgrees = true,
            ReadRepeatedAgrees = true,
            CacheAgreesWithStore = true,
            StoredDigestAgreesWithRows = true,
            RecordChecksumsHold = true,
            ModelAgreed = false,
            SameEntryBytesOnPeers = true,
            EntryOnDiskAgrees = true,
            OtherReplicasAffected = 0,
        })
            .With(Flipped(right), right)
            .With(null, right)
            .WithBucket(5, 6)
            .WithDigests(1, 2, 1)
            .WithNodes()
            .WithMachine(corrected: 2);
        ReportedRecord shown = RecordComparison.Show(right, redact: false);
        report = report with
        {
            Detection = report.Detection with { Rule = "one leader per term", Facts = ["Node 1 leads term 5.", "Node 3 leads term 5."], File = "/var/lib/lattice/node-2/wal/00000001.wal" },
            Command = new ReportedCommand { Index = Index, Batch = 0, Ordinal = 4, Kind = "put", Keys = ["account/7"], Bytes = 27, Session = "0f" },
            Effects = [new ReportedEffect("account/7", new ReportedChange(null, shown), new ReportedChange(shown, RecordComparison.Show(right, redact: true)))],
            Keys = [.. report.Keys.Select(k => k with { CacheAgreesWhenReadAgain = false })],
            Trace = [new ReportedEvent { Lamport = 9, Node = 1, Time = report.When, Group = Group, Kind = "append", Text = "Appended entry 1042.", Index = Index, Term = 5 }],
        };
        DivergenceAnalysis rules = RuleBasedAnalyzer.Analyze(report);
        return report with { Analysis = new ReportedAnalysis { Rules = rules, Model = rules with { Confidence = 0.5 }, ModelName = "openai some-model", ModelAbsence = "none" } };
    }
}
