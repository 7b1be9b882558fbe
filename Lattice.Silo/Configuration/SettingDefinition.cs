namespace Lattice.Silo.Configuration;

/// <summary>What kind of value a key takes.</summary>
internal enum SettingKind
{
    Integer,
    Boolean,
    Text,
    Address,
}

/// <summary>
/// One key of the configuration file: the only place that knows its default, its range and what it means. Reading, validation, the
/// generated file and the printed settings all follow from it.
/// </summary>
/// <param name="Section">Table that the key stands in.</param>
/// <param name="Key">The key.</param>
/// <param name="Kind">Kind of its value.</param>
/// <param name="Default">Value when the key is missing, given the node and the paths.</param>
/// <param name="Meaning">For the generated file.</param>
internal sealed record SettingDefinition(string Section, string Key, SettingKind Kind, Func<int, LatticePaths, object> Default, string Meaning)
{
    /// <summary>Smallest integer allowed.</summary>
    public long Min { get; init; }

    /// <summary>Largest integer allowed.</summary>
    public long Max { get; init; } = long.MaxValue;

    /// <summary>Texts allowed; empty: any.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>Whether a text may be empty.</summary>
    public bool MayBeEmpty { get; init; }

    public string Name => $"{Section}.{Key}";
}
