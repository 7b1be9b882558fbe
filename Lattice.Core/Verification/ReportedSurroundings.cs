namespace Lattice.Core.Verification;

/// <summary>A node of the cluster as it described itself when the report was made.</summary>
public sealed record ReportedNode
{
    /// <summary>The node.</summary>
    public required int Node { get; init; }

    /// <summary>Its version of Lattice.</summary>
    public required string Version { get; init; }

    /// <summary>Hash of its binary.</summary>
    public required string Build { get; init; }

    /// <summary>Hash of the limits that its state machines apply; null: not known.</summary>
    public string? LimitsHash { get; init; }

    /// <summary>Settings that may matter, by full name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Versions of the formats that it writes, by name of the format.</summary>
    public IReadOnlyDictionary<string, int> Formats { get; init; } = new Dictionary<string, int>();

    /// <summary>Seconds since it started.</summary>
    public required long UptimeSeconds { get; init; }
}

/// <summary>The machine that a node runs on; what the system does not show is null or not listed.</summary>
public sealed record ReportedMachine
{
    /// <summary>Model of the processor.</summary>
    public string? Processor { get; init; }

    /// <summary>Logical processors.</summary>
    public required int Cores { get; init; }

    /// <summary>Main memory.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Operating system and kernel.</summary>
    public required string Kernel { get; init; }

    /// <summary>What the memory controllers counted since the machine started; empty: the kernel does not say.</summary>
    public IReadOnlyList<MemoryErrors> MemoryErrors { get; init; } = [];

    /// <summary>What devices and file systems counted; empty: the kernel does not say.</summary>
    public IReadOnlyList<DeviceErrors> DeviceErrors { get; init; } = [];
}

/// <summary>Errors that a memory controller counted.</summary>
/// <param name="Controller">Name of the controller.</param>
/// <param name="Corrected">Errors that were corrected.</param>
/// <param name="Uncorrected">Errors that could not be corrected.</param>
public sealed record MemoryErrors(string Controller, long Corrected, long Uncorrected);

/// <summary>Errors that a device or a file system counted.</summary>
/// <param name="Device">Its name.</param>
/// <param name="Counter">Name of the counter.</param>
/// <param name="Count">How many.</param>
public sealed record DeviceErrors(string Device, string Counter, long Count);

/// <summary>An event of the causal trace.</summary>
public sealed record ReportedEvent
{
    /// <summary>Lamport stamp: what caused another event has the smaller one.</summary>
    public required ulong Lamport { get; init; }

    /// <summary>The node where it happened.</summary>
    public required int Node { get; init; }

    /// <summary>When, by that node's clock, in UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The group; null: the whole node.</summary>
    public uint? Group { get; init; }

    /// <summary>What kind of event.</summary>
    public required string Kind { get; init; }

    /// <summary>What happened, in a sentence.</summary>
    public required string Text { get; init; }

    /// <summary>Entry that it is about.</summary>
    public ulong? Index { get; init; }

    /// <summary>Term that it is about.</summary>
    public ulong? Term { get; init; }
}
