namespace Lattice.Grains.Requests;

/// <summary>A record as it was read.</summary>
/// <param name="Value">Its value; empty where only its presence was asked for.</param>
/// <param name="Revision">Its revision: that of its group after the command that wrote it. Grows with every change of the record.</param>
/// <param name="ExpiresAt">When it expires by the leader's clock; null: never.</param>
public sealed record LatticeRecord(ReadOnlyMemory<byte> Value, ulong Revision, DateTimeOffset? ExpiresAt)
{
    /// <summary>The value as UTF-8 text.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Value.Span);
}

/// <summary>A record of a scan.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Record">The record.</param>
public sealed record ScannedRecord(ReadOnlyMemory<byte> Key, LatticeRecord Record);
