using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Lattice.Silo.Configuration;

/// <summary>A value of a configuration file and where it stands.</summary>
/// <param name="Section">Its table.</param>
/// <param name="Key">Its key.</param>
/// <param name="Value">A long, bool, string, or null for any other kind.</param>
/// <param name="Text">The value as written.</param>
/// <param name="Line">Line, from 1.</param>
internal sealed record TomlValue(string Section, string Key, object? Value, string Text, int Line);

/// <summary>One of an array of tables.</summary>
/// <param name="Section">Name of the array.</param>
/// <param name="Values">Its values.</param>
/// <param name="Line">Line of its header.</param>
internal sealed record TomlElement(string Section, IReadOnlyList<TomlValue> Values, int Line);

/// <summary>A configuration file taken apart: values with their lines, in the order in which they stand.</summary>
internal sealed class TomlDocument
{
    private TomlDocument(IReadOnlyList<TomlValue> values, IReadOnlyList<TomlElement> elements, IReadOnlyList<(string Section, int Line)> sections, IReadOnlyList<(int Line, string Message)> mistakes) =>
        (Values, Elements, Sections, Mistakes) = (values, elements, sections, mistakes);

    public IReadOnlyList<TomlValue> Values { get; }

    public IReadOnlyList<TomlElement> Elements { get; }

    public IReadOnlyList<(string Section, int Line)> Sections { get; }

    /// <summary>What is not TOML.</summary>
    public IReadOnlyList<(int Line, string Message)> Mistakes { get; }

    public static TomlDocument Parse(string text)
    {
        DocumentSyntax document = SyntaxParser.Parse(text, sourceName: null, validate: true);
        var values = new List<TomlValue>();
        var elements = new List<TomlElement>();
        var sections = new List<(string Section, int Line)>();
        values.AddRange(Read("", document.KeyValues));
        foreach (TableSyntaxBase table in document.Tables)
        {
            string section = table.Name?.ToString().Trim() ?? "";
            if (table is TableArraySyntax)
            {
                elements.Add(new TomlElement(section, [.. Read(section, table.Items)], LineOf(table)));
            }
            else
            {
                sections.Add((section, LineOf(table)));
                values.AddRange(Read(section, table.Items));
            }
        }

        return new TomlDocument(values, elements, sections, [.. document.Diagnostics.Where(d => d.Kind == DiagnosticMessageKind.Error).Select(d => (d.Span.Start.Line + 1, d.Message))]);
    }

    private static IEnumerable<TomlValue> Read(string section, IEnumerable<KeyValueSyntax> items)
    {
        foreach (KeyValueSyntax item in items)
        {
            object? value = item.Value switch
            {
                IntegerValueSyntax integer => integer.Value,
                BooleanValueSyntax boolean => boolean.Value,
                StringValueSyntax text => text.Value,
                _ => null,
            };
            yield return new TomlValue(section, item.Key?.ToString().Trim() ?? "", value, item.Value?.ToString().Trim() ?? "", LineOf(item));
        }
    }

    private static int LineOf(SyntaxNode node) => node.Span.Start.Line + 1;
}
