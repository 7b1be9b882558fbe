using System.Globalization;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>Who started whom.</summary>
internal static class ProcessTree
{
    /// <summary>The only child of a process that starts one.</summary>
    public static int ChildOf(int process)
    {
        string children = Harness.Eventually.Holds(
            () => Read(process),
            text => text is null or { Length: > 0 },
            TimeSpan.FromSeconds(10)) ?? throw new InvalidOperationException($"Process {process} has ended.");
        return int.Parse(children.Split(' ')[0], CultureInfo.InvariantCulture);
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
