namespace Lattice.Silo.Security;

/// <summary>
/// The words by which operators find in a log who was not let in. They belong to <see cref="AccessLog"/> and to drills that a node does not allow; what the system and libraries
/// say of files and databases in the same words is said in others, or it would look like a break-in.
/// </summary>
internal static class AccessWords
{
    private static readonly string[] Owners = [typeof(AccessLog).FullName!, "Lattice.Grains.DrillHall"];

    /// <summary>The text of a log line as it may stand there.</summary>
    public static string ForLog(string category, string text) => Owners.Contains(category) ? text : Elsewhere(text);

    /// <summary>A text that is about something else.</summary>
    public static string Elsewhere(string text) => text
        .Replace("denied", "not permitted", StringComparison.OrdinalIgnoreCase)
        .Replace("unauthorized", "NotPermitted", StringComparison.OrdinalIgnoreCase);
}
