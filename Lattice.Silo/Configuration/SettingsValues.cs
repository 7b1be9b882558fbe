using System.Globalization;

namespace Lattice.Silo.Configuration;

/// <summary>The values of a file that stand outside of arrays, checked one by one against the schema.</summary>
internal sealed class SettingsValues
{
    private readonly Dictionary<string, (object Value, int Line)> given = new(StringComparer.Ordinal);

    public SettingsValues(string file, TomlDocument document, List<SettingsError> errors)
    {
        foreach ((string section, int line) in document.Sections)
        {
            if (SettingsSchema.All.All(d => d.Section != section))
            {
                errors.Add(new SettingsError(file, line, $"[{section}]", $"no such table.{Suggest(section, SettingsSchema.All.Select(d => d.Section).Distinct(StringComparer.Ordinal))}"));
            }
        }

        // A line that is not TOML has been reported; what was made of it has no meaning.
        foreach (TomlValue value in document.Values.Where(v => document.Mistakes.All(m => m.Line != v.Line)))
        {
            Take(file, value, errors);
        }
    }

    /// <summary>The value of a key: as given, else its default.</summary>
    public object Get(string section, string key, int node, LatticePaths paths) =>
        given.TryGetValue($"{section}.{key}", out (object Value, int Line) found) ? found.Value : SettingsSchema.Find(section, key)!.Default(node, paths);

    /// <summary>Line of a key; 0 when it is not given.</summary>
    public int LineOf(string name) => given.TryGetValue(name, out (object Value, int Line) found) ? found.Line : 0;

    internal static string Suggest(string word, IEnumerable<string> candidates) =>
        NearestWord.Of(word, candidates) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private void Take(string file, TomlValue value, List<SettingsError> errors)
    {
        string name = value.Section.Length > 0 ? $"{value.Section}.{value.Key}" : value.Key;
        if (SettingsSchema.Find(value.Section, value.Key) is not { } definition)
        {
            if (SettingsSchema.All.Any(d => d.Section == value.Section))
            {
                IEnumerable<string> keys = SettingsSchema.All.Where(d => d.Section == value.Section).Select(d => d.Key);
                errors.Add(new SettingsError(file, value.Line, name, $"no such key.{Suggest(value.Key, keys)}"));
            }
            else if (value.Section.Length == 0)
            {
                errors.Add(new SettingsError(file, value.Line, name, "keys stand in a table such as [cluster] or [storage]."));
            }

            return;
        }

        if (Mistake(definition, value) is { } mistake)
        {
            errors.Add(new SettingsError(file, value.Line, name, mistake));
        }
        else
        {
            given[name] = (value.Value!, value.Line);
        }
    }

    private static string? Mistake(SettingDefinition definition, TomlValue value) => (definition.Kind, value.Value) switch
    {
        (SettingKind.Integer, long number) => number < definition.Min || number > definition.Max
            ? string.Create(CultureInfo.InvariantCulture, $"{number} is out of range; allowed are {definition.Min} to {definition.Max}.")
            : null,
        (SettingKind.Integer, _) => string.Create(CultureInfo.InvariantCulture, $"{value.Text} is not a whole number; allowed are {definition.Min} to {definition.Max}."),
        (SettingKind.Boolean, bool) => null,
        (SettingKind.Boolean, _) => $"{value.Text} is neither true nor false.",
        (SettingKind.Address, string address) => HostPort.TryParse(address, out _, out _) ? null : $"\"{address}\" is not host:port with a port from 1 to 65535.",
        (SettingKind.Address, _) => $"{value.Text} is not a text of the form \"host:port\".",
        (SettingKind.Text, string { Length: 0 }) => definition.MayBeEmpty ? null : "it must not be empty.",
        (SettingKind.Text, string text) => definition.Values.Count == 0 || definition.Values.Contains(text)
            ? null
            : $"\"{text}\" is not known; allowed are {string.Join(" and ", definition.Values.Select(v => $"\"{v}\""))}.{Suggest(text, definition.Values)}",
        _ => $"{value.Text} is not a text in quotes.",
    };
}
