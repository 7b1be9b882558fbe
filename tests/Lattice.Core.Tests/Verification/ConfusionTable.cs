using System.Globalization;
using System.Text;
using System.Text.Json;
using Lattice.Core.Verification;

namespace Lattice.Core.Tests.Verification;

/// <summary>Which class was answered for which, as a table in Markdown.</summary>
internal sealed class ConfusionTable
{
    private static readonly DivergenceClass[] Classes = Enum.GetValues<DivergenceClass>();

    private readonly int[,] counts = new int[Classes.Length, Classes.Length];

    public int Total { get; private set; }

    public int Right { get; private set; }

    public void Add(DivergenceClass right, DivergenceClass answered)
    {
        counts[(int)right, (int)answered]++;
        Total++;
        Right += right == answered ? 1 : 0;
    }

    public override string ToString()
    {
        var text = new StringBuilder("| is, answered → |");
        foreach (DivergenceClass column in Classes)
        {
            text.Append(CultureInfo.InvariantCulture, $" {Word(column)} |");
        }

        text.Append("\n| --- |").Insert(text.Length, " --- |", Classes.Length).Append('\n');
        foreach (DivergenceClass row in Classes)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {Word(row)} |");
            foreach (DivergenceClass column in Classes)
            {
                int count = counts[(int)row, (int)column];
                text.Append(CultureInfo.InvariantCulture, $" {(count == 0 ? "" : count)} |");
            }

            text.Append('\n');
        }

        return text.Append(CultureInfo.InvariantCulture, $"\nRight: {Right} of {Total}.\n").ToString();
    }

    private static string Word(DivergenceClass value) => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
