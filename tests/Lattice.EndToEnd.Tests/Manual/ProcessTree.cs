using System.Globalization;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>Who started whom.</summary>
internal static class ProcessTree
{
    /// <summary>The only child of a process that starts one; null if it has ended.</summary>
    public static int? ChildOf(int process)
    {
        string? children = Harness.Eventually.Holds(
            () => Read(process),
            text => text is null or { Length: > 0 },
            TimeSpan.FromSeconds(10));
        return children is null ? null : int.Parse(children.Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private static string? Read(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/task/{process}/children");
        }
        catch (IOException)
        {
            return null;
        }
    }
}
