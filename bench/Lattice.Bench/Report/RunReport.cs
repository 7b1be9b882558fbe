using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lattice.Bench.Load;
using Lattice.Bench.Peers;
using Lattice.Bench.Peers.Etcd;

namespace Lattice.Bench.Report;

/// <summary>A run as tables and as JSON.</summary>
/// <param name="Peers">What was measured.</param>
/// <param name="Time">How long a round was.</param>
/// <param name="Rounds">All rounds.</param>
/// <param name="Losses">All lost leaders.</param>
internal sealed record RunReport(IReadOnlyList<IPeer> Peers, RoundTime Time, IReadOnlyList<RoundResult> Rounds, IReadOnlyList<LeaderLossResult> Losses)
{
    /// <summary>What the others are compared with.</summary>
    public const string Baseline = EtcdPeer.PeerName;

    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>The medians of the rounds.</summary>
    public IReadOnlyList<Median> Medians { get; } = Median.Of(Rounds);

    /// <summary>Everything, for programs.</summary>
    public string Json() => JsonSerializer.Serialize(new
    {
        Machine = new { Environment.ProcessorCount, Os = RuntimeInformation.OSDescription, Runtime = RuntimeInformation.FrameworkDescription },
        Peers = Peers.Select(p => new { p.Name, p.Description }),
        Time = new { MeasuredSeconds = Time.Measured.TotalSeconds, WarmUpSeconds = Time.WarmUp.TotalSeconds },
        Medians,
        Rounds,
        LeaderLosses = Losses,
    }, JsonOptions);

    /// <summary>Tables for people, as Markdown.</summary>
    public string Markdown()
    {
        var text = new StringBuilder();
        foreach (IPeer peer in Peers)
        {
            text.Append("- ").Append(peer.Name).Append(": ").Append(peer.Description).Append('\n');
        }

        text.Append("\n| work | peer | operations/s | p50 us | p99 us | p99.9 us | errors | throughput, p50, p99 against ").Append(Baseline).Append(" |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n");
        foreach (Median m in Medians)
        {
            Median? other = m.Peer == Baseline ? null : Medians.FirstOrDefault(o => o.Work == m.Work && o.Peer == Baseline);
            string ratio = other is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{m.OperationsPerSecond / other.OperationsPerSecond:0.00}, {m.P50 / other.P50:0.00}, {m.P99 / other.P99:0.00}");
            text.Append(CultureInfo.InvariantCulture, $"| {Work.All.First(w => w.Name == m.Work).Description} | {m.Peer} | {m.OperationsPerSecond:0} | {m.P50:0} | {m.P99:0} | {m.P999:0} | {m.Errors} | {ratio} |\n");
        }

        if (Losses.Count > 0)
        {
            text.Append("\n| leader killed | rounds | time without writes, median ms | longest ms |\n| --- | ---: | ---: | ---: |\n");
            foreach (IGrouping<string, LeaderLossResult> peer in Losses.GroupBy(l => l.Peer))
            {
                text.Append(CultureInfo.InvariantCulture, $"| {peer.Key} | {peer.Count()} | {Median.Middle(peer.Select(l => l.WithoutWritesMs)):0} | {peer.Max(l => l.WithoutWritesMs):0} |\n");
            }
        }

        return text.ToString();
    }
}
