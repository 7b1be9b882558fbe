namespace Lattice.Silo.Configuration;

/// <summary>One mistake in a configuration file.</summary>
/// <param name="File">The file.</param>
/// <param name="Line">Line, from 1; 0 when the mistake is that something is missing.</param>
/// <param name="Key">The key in question, with its table; empty when there is none.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
public sealed record SettingsError(string File, int Line, string Key, string Message)
{
    /// <summary>The line to print.</summary>
    public override string ToString() =>
        $"{File}{(Line > 0 ? $":{Line}" : "")}: {(Key.Length > 0 ? $"{Key}: " : "")}{Message}";
}

/// <summary>A configuration file as read: settings, or all that is wrong with it.</summary>
/// <param name="Settings">The settings; null when there are errors.</param>
/// <param name="Errors">The mistakes, in order of lines.</param>
public sealed record SettingsResult(NodeSettings? Settings, IReadOnlyList<SettingsError> Errors)
{
    /// <summary>What is allowed, and probably not meant.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
