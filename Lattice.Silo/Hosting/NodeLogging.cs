using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Lattice.Silo.Hosting;

/// <summary>What a node writes to its console: its own events, and of the libraries below it what an operator has to know.</summary>
internal static class NodeLogging
{
    public static void Configure(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddConsole();
        logging.AddConsoleFormatter<JournalFormatter, JournalFormatterOptions>(o => o.ForJournal = SystemdHelpers.IsSystemdService());

        // After everything else: under systemd the host would choose a formatter that has the level as a number only.
        logging.Services.PostConfigure<ConsoleLoggerOptions>(o => o.FormatterName = JournalFormatter.FormatterName);
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Polly", LogLevel.Warning);

        // Its advice about the garbage collector is for servers that have a machine to themselves; its watchdog counts the first
        // check of a silo as late by the machine's uptime.
        logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error).AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error).AddFilter("Lattice.Grains.ReplicaService", LogLevel.Warning);

        // A node that is down is reported once; these would repeat it, with a stack trace, for every attempt to connect.
        logging.AddFilter("Orleans.Runtime.Messaging", LogLevel.Error).AddFilter("Orleans.Messaging", LogLevel.Error).AddFilter("Microsoft.Orleans.Networking", LogLevel.Error);
    }
}
