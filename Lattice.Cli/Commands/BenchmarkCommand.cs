using System.CommandLine;
using System.Text.Json;
using Lattice.Cli.Benchmark;
using Lattice.Cli.Cluster;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice benchmark SECONDS</c>: load from the client library.</summary>
internal static class BenchmarkCommand
{
    private const int MostClients = 10_000;
    private const int LargestValue = 1 << 20;

    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var seconds = new Argument<double>("SECONDS") { Description = "How long to measure" };
        var clients = new Option<int>("--clients") { Description = "Concurrent callers, each with one operation in flight", DefaultValueFactory = _ => 64 };
        var valueSize = new Option<int>("--value-size") { Description = "Bytes of a value", DefaultValueFactory = _ => 256 };
        var readRatio = new Option<double>("--read-ratio") { Description = "Share of reads, 0 to 1", DefaultValueFactory = _ => 0 };
        Option<bool> json = CommonOptions.Json();
        Option<double> timeout = CommonOptions.Timeout();
        Option<string?> config = CommonOptions.Config();
        seconds.Validators.Add(r => Check(r, r.GetValueOrDefault<double>() is > 0 and <= 86_400, "SECONDS has to be more than 0 and at most 86400."));
        clients.Validators.Add(r => Check(r, r.GetValueOrDefault<int>() is >= 1 and <= MostClients, $"--clients has to be between 1 and {MostClients}."));
        valueSize.Validators.Add(r => Check(r, r.GetValueOrDefault<int>() is >= 0 and <= LargestValue, $"--value-size has to be between 0 and {LargestValue}."));
        readRatio.Validators.Add(r => Check(r, r.GetValueOrDefault<double>() is >= 0 and <= 1, "--read-ratio has to be between 0 and 1."));
        var command = new Command("benchmark", "Puts the cluster under load and measures throughput and latency; its records are removed afterwards.") { seconds, clients, valueSize, readRatio, json, timeout, config };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = new BenchmarkOptions(TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(clients), parsed.GetValue(valueSize), parsed.GetValue(readRatio));
            ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(config));
            ClusterConnection connection = await ClusterConnection.OpenAsync(location, TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                BenchmarkReport report = await new BenchmarkRun(connection.Client, options, shell.Error).RunAsync(cancellation).ConfigureAwait(false);
                await shell.Out.WriteAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(report, CliJson.Indented.BenchmarkReport) + "\n" : BenchmarkText.Render(report)).ConfigureAwait(false);
                return report.Operations > 0 ? ExitCodes.Success : ExitCodes.Unavailable;
            }
        });
        return command;
    }

    private static void Check(System.CommandLine.Parsing.SymbolResult result, bool holds, string message)
    {
        if (!holds)
        {
            result.AddError(message);
        }
    }
}
