using System.Globalization;

namespace Lattice.Core.Telemetry;

/// <summary>The label <c>group</c> of measurements. Groups from 64 on share one value, so that a cluster of a thousand shards does not make a page of a hundred thousand lines.</summary>
public static class GroupLabel
{
    private const uint Distinct = 64;

    private static readonly KeyValuePair<string, object?>[] Labels = [.. Enumerable.Range(0, (int)Distinct).Select(g => Label(g.ToString(CultureInfo.InvariantCulture)))];
    private static readonly KeyValuePair<string, object?> Others = Label("64+");

    /// <summary>The label of a group.</summary>
    public static KeyValuePair<string, object?> Of(uint group) => group < Distinct ? Labels[group] : Others;

    private static KeyValuePair<string, object?> Label(string value) => KeyValuePair.Create<string, object?>("group", value);
}
