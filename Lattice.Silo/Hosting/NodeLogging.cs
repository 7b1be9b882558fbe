using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Lattice.Silo.Hosting;

/// <summary>What a node writes to its console: its own events, and of the libraries below it what an operator has to know.</summary>
internal static class NodeLogging
{
    // Warnings of Orleans that say nothing which the node's own events do not say once and in plainer words.
    private static readonly string[] Noise =
    [
        // Advice about the garbage collector, for servers that have a machine to themselves.
        "Orleans.Runtime.Silo",

        // Counts the first check of a silo as late by the machine's uptime.
        "Orleans.Runtime.Watchdog",

        // A peer that is down or hangs: each attempt to connect, each probe and each call that it does not answer, with stack traces.
        "Orleans.Runtime.Messaging",
        "Orleans.Messaging",
        "Microsoft.Orleans.Networking",
        "Orleans.Runtime.CallbackData",
        "Orleans.Runtime.MembershipService.SiloHealthMonitor",
        "Orleans.Runtime.MembershipService.MembershipSystemTarget",

        // The membership database cannot be reached: each attempt.
        "Orleans.Runtime.MembershipService.MembershipAgent",
        "Orleans.Runtime.MembershipService.MembershipTableManager",

        // A pause of this process: each of a dozen timers.
        "Orleans.Runtime.AsyncTimer",
        "Orleans.Runtime.MembershipService.LocalSiloHealthMonitor",
    ];

    // Errors that are none: what a peer that is down was not told, again and again until membership has declared it dead.
    private static readonly string[] NoisyErrors =
    [
        "Orleans.Runtime.GrainDirectory.ClientDirectory",
        "Orleans.Runtime.GrainCallCancellationManager",
    ];

    // Set by systemd for processes whose output goes to the journal.
    private const string JournalVariable = "JOURNAL_STREAM";

    public static void Configure(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddConsole();
        logging.AddConsoleFormatter<JournalFormatter, JournalFormatterOptions>(o => o.ForJournal = Environment.GetEnvironmentVariable(JournalVariable) is { Length: > 0 });

        // After everything else: under systemd the host would choose a formatter that has the level as a number only.
        logging.Services.PostConfigure<ConsoleLoggerOptions>(o => o.FormatterName = JournalFormatter.FormatterName);
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Polly", LogLevel.Warning);

        foreach (string category in Noise)
        {
            logging.AddFilter(category, LogLevel.Error);
        }

        foreach (string category in NoisyErrors)
        {
            logging.AddFilter(category, LogLevel.Critical);
        }

        logging.AddFilter("Lattice.Grains.ReplicaService", LogLevel.Warning).AddFilter("Lattice.Grains.OperatorService", LogLevel.Warning);
    }
}
