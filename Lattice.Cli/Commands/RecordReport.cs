using Lattice.Cli.Output;

namespace Lattice.Cli.Commands;

/// <summary>The shape of a record, or of what became of it, in JSON; documented in <c>docs/cli.md</c>. Text is given when the bytes are UTF-8, base64 otherwise.</summary>
internal sealed record RecordReport
{
    public string? Key { get; init; }

    public string? KeyBase64 { get; init; }

    /// <summary>Whether there is a record (get), was one (delete), or the condition held (cas).</summary>
    public bool? Found { get; init; }

    public bool? Deleted { get; init; }

    public bool? Succeeded { get; init; }

    public ulong? Revision { get; init; }

    public string? Value { get; init; }

    public string? ValueBase64 { get; init; }

    public DateTimeOffset? Expires { get; init; }

    /// <summary>A report on a key.</summary>
    public static RecordReport Of(ReadOnlySpan<byte> key)
    {
        string? text = ByteText.Utf8OrNull(key);
        return new RecordReport { Key = text, KeyBase64 = text is null ? Convert.ToBase64String(key) : null };
    }

    /// <summary>With a value.</summary>
    public RecordReport WithValue(ReadOnlySpan<byte> value)
    {
        string? text = ByteText.Utf8OrNull(value);
        return this with { Value = text, ValueBase64 = text is null ? Convert.ToBase64String(value) : null };
    }
}
