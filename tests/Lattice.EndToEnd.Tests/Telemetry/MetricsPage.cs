using System.Globalization;
using System.Text.RegularExpressions;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>What a node said at <c>/metrics</c>.</summary>
internal sealed partial class MetricsPage
{
    private static readonly HttpClient Http = new();

    private readonly List<(string Series, double Value)> samples = [];

    private MetricsPage(string text)
    {
        Text = text;
        foreach (string line in text.Split('\n'))
        {
            if (Kind().Match(line) is { Success: true } kind)
            {
                Kinds[kind.Groups["name"].Value] = kind.Groups["kind"].Value;
            }
            else if (Sample().Match(line) is { Success: true } sample)
            {
                samples.Add((sample.Groups["series"].Value, double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture)));
            }
        }
    }

    public string Text { get; }

    /// <summary>The kind of each metric of Lattice, by its name.</summary>
    public Dictionary<string, string> Kinds { get; } = new(StringComparer.Ordinal);

    /// <summary>The page of a node.</summary>
    /// <param name="address">Its metrics address.</param>
    /// <param name="accept">What the reader says that it understands.</param>
    public static MetricsPage Of(string address, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{address}/metrics");
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using HttpResponseMessage response = Http.Send(request);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(response.Content.ReadAsStream());
        return new MetricsPage(reader.ReadToEnd());
    }

    /// <summary>The sum of a metric's series whose labels contain a text.</summary>
    public double Sum(string metric, string labels = "") =>
        samples.Where(s => s.Series.StartsWith(metric + "{", StringComparison.Ordinal) && s.Series.Contains(labels, StringComparison.Ordinal)).Sum(s => s.Value);

    public override string ToString() => Text;

    [GeneratedRegex(@"^# TYPE (?<name>lattice_\w+) (?<kind>\w+)$", RegexOptions.None, 1000)]
    private static partial Regex Kind();

    [GeneratedRegex(@"^(?<series>lattice_\w+\{.*\}) (?<value>\S+)$", RegexOptions.None, 1000)]
    private static partial Regex Sample();
}
