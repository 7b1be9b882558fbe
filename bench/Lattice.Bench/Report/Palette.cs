namespace Lattice.Bench.Report;

/// <summary>The colours of the pictures: told apart also by those who do not see all colours.</summary>
internal static class Palette
{
    private static readonly string[] Colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9"];

    /// <summary>The colour of the n-th thing that is shown.</summary>
    public static string Of(int number) => Colours[number % Colours.Length];
}
