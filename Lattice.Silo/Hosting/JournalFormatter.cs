using System.Globalization;
using Lattice.Silo.Security;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Lattice.Silo.Hosting;

/// <summary>Settings of <see cref="JournalFormatter"/>.</summary>
internal sealed class JournalFormatterOptions : ConsoleFormatterOptions
{
    /// <summary>Whether the journal reads the lines: it takes the level from a prefix and has a clock of its own.</summary>
    public bool ForJournal { get; set; }
}

/// <summary>One line an event, with the level as a word that can be searched for, and as a journal prefix under systemd.</summary>
internal sealed class JournalFormatter(IOptions<JournalFormatterOptions> options) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "lattice";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        (int priority, string word) = logEntry.LogLevel switch
        {
            LogLevel.Critical => (2, "CRITICAL"),
            LogLevel.Error => (3, "ERROR"),
            LogLevel.Warning => (4, "WARN"),
            LogLevel.Information => (6, "INFO"),
            _ => (7, "DEBUG"),
        };
        string prefix = options.Value.ForJournal
            ? $"<{priority}>"
            : $"{DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture)} ";
        string text = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.WriteLine($"{prefix}{word} {logEntry.Category}: {AccessWords.ForLog(logEntry.Category, OneLine(text))}");
        if (logEntry.Exception is { } exception)
        {
            foreach (string line in AccessWords.ForLog(logEntry.Category, exception.ToString()).Split('\n'))
            {
                textWriter.WriteLine($"{(options.Value.ForJournal ? prefix : "")}    {line.TrimEnd()}");
            }
        }
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
