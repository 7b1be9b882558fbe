using System.Text.RegularExpressions;

namespace Lattice.Grains;

/// <summary>The label <c>result</c> of requests: the names of <see cref="ShardStatus"/> as Prometheus writes names.</summary>
internal static partial class ResultNames
{
    private static readonly string[] Names = [.. Enum.GetValues<ShardStatus>().Select(status => Inner().Replace(status.ToString(), "_").ToLowerInvariant())];

    /// <summary>How many there are; the values of the enumeration are 0 to one less.</summary>
    public static int Count => Names.Length;

    public static string Of(ShardStatus status) => Names[(int)status];

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])", RegexOptions.None, 1000)]
    private static partial Regex Inner();
}
