using System.Globalization;
using System.Text;

namespace Lattice.Bench.Report;

/// <summary>One line of a picture.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Values">A value at each place of the axis.</param>
internal sealed record Line(string Name, IReadOnlyList<double> Values);

/// <summary>Figures over something that grows, as a picture (SVG). The values are on a logarithmic axis, since they differ by orders of magnitude.</summary>
internal static class LineChart
{
    private const int Left = 70;
    private const int Top = 14;
    private const int PlotWidth = 460;
    private const int PlotHeight = 240;
    private const int LegendWidth = 170;
    private const int Width = Left + PlotWidth + LegendWidth;
    private const int Height = Top + PlotHeight + 50;

    /// <summary>The picture.</summary>
    public static string Svg(string axis, IReadOnlyList<string> places, IReadOnlyList<Line> lines)
    {
        List<double> all = [.. lines.SelectMany(l => l.Values).Where(v => v > 0)];
        int lowest = (int)Math.Floor(Math.Log10(all.Count > 0 ? all.Min() : 1));
        int highest = Math.Max(lowest + 1, (int)Math.Ceiling(Math.Log10(all.Count > 0 ? all.Max() : 10)));
        var body = new StringBuilder();
        for (int power = lowest; power <= highest; power++)
        {
            double y = Y(Math.Pow(10, power), lowest, highest);
            body.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" y1=\"{y:0.#}\" x2=\"{Left + PlotWidth}\" y2=\"{y:0.#}\" stroke=\"#dddddd\"/>\n");
            Text(body, Left - 8, y + 4, Math.Pow(10, power).ToString("#,0.###", CultureInfo.InvariantCulture), "end");
        }

        for (int i = 0; i < places.Count; i++)
        {
            Text(body, X(i, places.Count), Top + PlotHeight + 18, places[i], "middle");
        }

        Text(body, Left + (PlotWidth / 2), Top + PlotHeight + 38, axis, "middle");
        for (int i = 0; i < lines.Count; i++)
        {
            string colour = Palette.Of(i);
            string points = string.Join(' ', lines[i].Values.Select((v, at) => (v, at)).Where(p => p.v > 0).Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.at, places.Count):0.#},{Y(p.v, lowest, highest):0.#}")));
            body.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n");
            foreach (string point in points.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                string[] at = point.Split(',');
                body.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{at[0]}\" cy=\"{at[1]}\" r=\"3\" fill=\"{colour}\"/>\n");
            }

            int y = Top + 14 + (20 * i);
            body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left + PlotWidth + 20}\" y=\"{y - 10}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\n");
            Text(body, Left + PlotWidth + 38, y, lines[i].Name, "start");
        }

        return string.Create(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n");
    }

    private static double X(int place, int places) => Left + (PlotWidth * (place + 0.5) / places);

    private static double Y(double value, int lowest, int highest) => Top + (PlotHeight * (highest - Math.Log10(value)) / (highest - lowest));

    private static void Text(StringBuilder body, double x, double y, string text, string anchor) => body.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" fill=\"#222222\" text-anchor=\"{anchor}\">{text}</text>\n");
}
