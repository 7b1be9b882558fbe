using System.Globalization;
using System.Text;
using Lattice.Bench.Load;

namespace Lattice.Bench.Report;

/// <summary>The throughput of each peer at each work as a picture (SVG), each work scaled to its best, since works differ by orders of magnitude.</summary>
internal static class BarChart
{
    private const int LabelWidth = 290;
    private const int BarWidth = 380;
    private const int Width = LabelWidth + BarWidth + 110;
    private const int BarHeight = 16;
    private const int Gap = 14;

    /// <summary>The picture.</summary>
    public static string Svg(IReadOnlyList<Median> medians)
    {
        List<string> peers = [.. medians.Select(m => m.Peer).Distinct()];
        var body = new StringBuilder();
        int y = Gap;
        foreach (IGrouping<string, Median> work in medians.GroupBy(m => m.Work))
        {
            double best = work.Max(m => m.OperationsPerSecond);
            Text(body, 0, y + BarHeight - 4, Work.All.First(w => w.Name == work.Key).Description);
            foreach (Median m in work)
            {
                double width = best > 0 ? BarWidth * m.OperationsPerSecond / best : 0;
                body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{LabelWidth}\" y=\"{y}\" width=\"{width:0.#}\" height=\"{BarHeight - 2}\" fill=\"{Palette.Of(peers.IndexOf(m.Peer))}\"/>\n");
                Text(body, LabelWidth + (int)width + 6, y + BarHeight - 4, string.Create(CultureInfo.InvariantCulture, $"{m.OperationsPerSecond:N0}/s"));
                y += BarHeight;
            }

            y += Gap;
        }

        int x = LabelWidth;
        foreach (string peer in peers)
        {
            body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x}\" y=\"{y}\" width=\"12\" height=\"12\" fill=\"{Palette.Of(peers.IndexOf(peer))}\"/>\n");
            Text(body, x + 17, y + 11, peer);
            x += 40 + (7 * peer.Length);
        }

        return string.Create(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {y + 24}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n");
    }

    private static void Text(StringBuilder body, int x, int y, string text) => body.Append(CultureInfo.InvariantCulture, $"<text x=\"{x}\" y=\"{y}\" fill=\"#222222\">{text}</text>\n");
}
