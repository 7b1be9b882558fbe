using System.CommandLine;
using System.Text.Json;
using Lattice.Cli.Benchmark;
using Lattice.Cli.Cluster;
using Lattice.Cli.Output;

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
        var baseline = new Option<string?>("--baseline") { Description = "What an earlier run with the same load printed with --json; exit code 1 if something got worse", HelpName = "FILE" };
        var threshold = new Option<double>("--threshold") { Description = "Change for the worse, in percent, that is put down to chance; of p99 twice as much is", HelpName = "PERCENT", DefaultValueFactory = _ => 10 };
        Option<bool> json = CommonOptions.Json();
        Option<double> timeout = CommonOptions.Timeout();
        Option<string?> config = CommonOptions.Config();
        seconds.Validators.Add(r => Check(r, r.GetValueOrDefault<double>() is > 0 and <= 86_400, "SECONDS has to be more than 0 and at most 86400."));
        clients.Validators.Add(r => Check(r, r.GetValueOrDefault<int>() is >= 1 and <= MostClients, $"--clients has to be between 1 and {MostClients}."));
        valueSize.Validators.Add(r => Check(r, r.GetValueOrDefault<int>() is >= 0 and <= LargestValue, $"--value-size has to be between 0 and {LargestValue}."));
        readRatio.Validators.Add(r => Check(r, r.GetValueOrDefault<double>() is >= 0 and <= 1, "--read-ratio has to be between 0 and 1."));
        threshold.Validators.Add(r => Check(r, r.GetValueOrDefault<double>() is > 0 and <= 1000, "--threshold has to be more than 0 and at most 1000."));
        var command = new Command("benchmark", "Puts the cluster under load and measures throughput and latency; its records are removed afterwards.") { seconds, clients, valueSize, readRatio, baseline, threshold, json, timeout, config };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = new BenchmarkOptions(TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(clients), parsed.GetValue(valueSize), parsed.GetValue(readRatio));
            BenchmarkBaseline? earlier = parsed.GetValue(baseline) is { } file ? BenchmarkBaseline.Read(file, options) : null;
            ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(config));
            ClusterConnection connection = await ClusterConnection.OpenAsync(location, TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                BenchmarkReport report = await new BenchmarkRun(connection.Client, options, new BenchmarkProgress(shell)).RunAsync(cancellation).ConfigureAwait(false);
                if (earlier is not null)
                {
                    report = report with { Comparison = BenchmarkComparison.Of(earlier.Report, report, earlier.File, parsed.GetValue(threshold)) };
                }

                Write(shell, report, parsed.GetValue(json));
                return report.Operations == 0 ? ExitCodes.Unavailable : report.Comparison is { Worse.Count: > 0 } ? ExitCodes.Negative : ExitCodes.Success;
            }
        });
        return command;
    }

    private static void Write(Shell shell, BenchmarkReport report, bool json)
    {
        if (json)
        {
            shell.Out.WriteLine(JsonSerializer.Serialize(report, CliJson.Indented.BenchmarkReport));
        }
        else
        {
            BenchmarkText.Write(TableConsole.Create(shell), report);
        }
    }

    private static void Check(System.CommandLine.Parsing.SymbolResult result, bool holds, string message)
    {
        if (!holds)
        {
            result.AddError(message);
        }
    }
}
