namespace Lattice.Core.Verification;

/// <summary>Says in words what a cause means and what to do about it; the steps are those of the operations manual.</summary>
internal static class Remedies
{
    /// <summary>Where it is when the evidence does not say more than which check found it.</summary>
    public static DivergenceComponent UsualComponent(DivergenceKind kind) => kind switch
    {
        DivergenceKind.RecordChecksum => DivergenceComponent.StateStore,
        DivergenceKind.CacheChecksum or DivergenceKind.CacheDifference => DivergenceComponent.RecordCache,
        DivergenceKind.Effects or DivergenceKind.PeerDigest => DivergenceComponent.StateMachine,
        DivergenceKind.StoredDigest => DivergenceComponent.Digest,
        DivergenceKind.EntryChecksum or DivergenceKind.LogSegment => DivergenceComponent.Log,
        DivergenceKind.SnapshotFile => DivergenceComponent.Snapshot,
        _ => DivergenceComponent.Consensus,
    };

    /// <summary>The cause in a sentence.</summary>
    public static string RootCause(DivergenceReport report, DivergenceClass cause, DivergenceComponent component) => cause switch
    {
        DivergenceClass.MemoryCorruption => $"Main memory of node {report.Node} changed {What(report, component)} while Lattice held it.",
        DivergenceClass.DiskCorruption => $"The disk of node {report.Node} does not give back what was written: {What(report, component)} {Is(component)} damaged, missing or old.",
        DivergenceClass.CacheIncoherence => $"The cache of node {report.Node} holds {What(report, component)} in a form that is not the stored one.",
        DivergenceClass.NondeterministicCommand => $"Entry {report.Index} of group {report.Group} did not do the same on node {report.Node} as on the other replicas, though all executed the same command{Keys(report, " on ")}.",
        DivergenceClass.ProtocolViolation => report.Detection.Rule is { } rule
            ? $"Consensus of group {report.Group} broke the rule '{rule}' as node {report.Node} saw it."
            : $"Consensus of group {report.Group} broke one of its rules as node {report.Node} saw it.",
        DivergenceClass.Configuration => $"The nodes do not run the same Lattice: {Differences(report)}. They execute the same log to different states.",
        DivergenceClass.SoftwareDefect => $"Lattice itself does the wrong thing in {Where(component)}, the same each time{(report.Index > 0 ? $": at entry {report.Index} of group {report.Group}" : "")}{Keys(report, ", on ")}.",
        _ => $"The evidence does not tell what made node {report.Node} differ in group {report.Group}: {report.Detection.Message}",
    };

    /// <summary>What to do about the cause.</summary>
    public static string Fix(DivergenceReport report, DivergenceClass cause, DivergenceComponent component) => cause switch
    {
        DivergenceClass.MemoryCorruption => $"Take the machine of node {report.Node} out of service and test its memory (memtest86+, 'edac-util -v', the machine's own event log); replace what fails before the node returns. Use memory with error correction.",
        DivergenceClass.DiskCorruption => $"Check the disk of node {report.Node} ('smartctl -a', 'dmesg', the file system's check) and whether anybody changed files in the data directory; replace a disk that shows errors before the node returns.",
        DivergenceClass.CacheIncoherence => $"The stored records are right, so clearing the node loses nothing. Test the memory of node {report.Node}; if it is sound, keep the report and tell the maintainers of Lattice. Until then cache_size = 0 in [performance] runs the node without the cache.",
        DivergenceClass.NondeterministicCommand => "Keep the report and tell the maintainers of Lattice: a command must depend on nothing but the log. Do not send the command that the report names again until there is a patched version on all nodes.",
        DivergenceClass.ProtocolViolation => "Keep the reports and traces of all nodes and tell the maintainers of Lattice. Check that no two processes run with the same node id, and that no data directory was copied from one node to another.",
        DivergenceClass.Configuration => $"Bring all nodes to the same version and settings: {Differences(report)}. 'lattice status --verbose' shows what each one runs.",
        DivergenceClass.SoftwareDefect when component == DivergenceComponent.ReferenceModel => "Keep the report and tell the maintainers of Lattice. The data are those of the majority; it is the check that is wrong. Install a patched version on all nodes before this one returns.",
        DivergenceClass.SoftwareDefect => "Keep the report and tell the maintainers of Lattice: what the entry does wrong can be repeated. Install a patched version on all nodes before this one returns.",
        _ => $"Keep the report. Test memory and disk of node {report.Node}, compare versions and settings of all nodes, and give the report to the maintainers of Lattice.",
    };

    /// <summary>The manual's steps ("State Divergence"), for this node.</summary>
    public static IReadOnlyList<string> NextSteps(DivergenceReport report) =>
    [
        report.Verdict == DivergenceVerdict.NoMajority
            ? $"Do not restart node {report.Node} yet, and clear no node: no majority says which state is right, so keep a copy of every node's data directory first. The group refuses writes meanwhile."
            : $"Do not restart node {report.Node} yet. The other nodes go on without it.",
        $"Read divergence-report.json in its data directory; 'lattice admin analyze FILE' repeats this analysis, 'lattice admin incidents' lists it.",
        "Apply the suggested fix.",
        $"Restore the node from a backup that is older than the fault: 'lattice restore {report.Node} FILE'. Or let it learn everything from the others: 'lattice admin clear-divergence {report.Node} --yes'.",
        $"Start it: 'sudo systemctl start lattice@{report.Node}'.",
        $"Watch it until the cluster is Healthy: 'lattice status {report.Node} --verbose'; then check what it holds: 'lattice admin verify {report.Node}'.",
        "Document the incident, with its cause and its fix.",
    ];

    /// <summary>In what the nodes differ.</summary>
    private static string Differences(DivergenceReport report)
    {
        IEnumerable<string> nodes = report.Nodes.Select(n => $"node {n.Node} has version {n.Version}, build {n.Build}, limits {n.LimitsHash ?? "unknown"}");
        return report.Nodes.Count == 0 ? "what they run is not known" : string.Join("; ", nodes);
    }

    private static string What(DivergenceReport report, DivergenceComponent component) => component switch
    {
        DivergenceComponent.Log when report.Detection.File is { } file => $"the log segment {file}",
        DivergenceComponent.Log => $"entry {report.Index} of the log of group {report.Group}",
        DivergenceComponent.Snapshot => $"the snapshot {report.Detection.File ?? $"of group {report.Group}"}",
        DivergenceComponent.Digest => $"the digests of group {report.Group}",
        DivergenceComponent.StateMachine when report.Keys.Count == 0 => $"what entry {report.Index} of group {report.Group} did",
        _ when report.Keys.Count == 0 => $"the state of group {report.Group}",
        _ => $"the record{Keys(report, " ")}",
    };

    private static string Is(DivergenceComponent component) => component == DivergenceComponent.Digest ? "are" : "is";

    private static string Where(DivergenceComponent component) => component switch
    {
        DivergenceComponent.RecordCache => "the record cache",
        DivergenceComponent.StateStore => "the state store",
        DivergenceComponent.StateMachine => "the state machine",
        DivergenceComponent.ReferenceModel => "the reference model",
        DivergenceComponent.Log => "the log",
        DivergenceComponent.Snapshot => "the snapshots",
        DivergenceComponent.Consensus => "consensus",
        DivergenceComponent.Digest => "the digests",
        _ => "its configuration",
    };

    private static string Keys(DivergenceReport report, string before) => report.Keys.Count switch
    {
        0 => "",
        1 => $"{before}'{report.Keys[0].Key}'",
        _ => $"{before}'{report.Keys[0].Key}' and {report.Keys.Count - 1} more",
    };
}
