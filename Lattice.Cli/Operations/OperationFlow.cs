using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Lattice.Cli.Cluster;
using Lattice.Client;
using Lattice.Grains;
using Lattice.Silo.Status;

namespace Lattice.Cli.Operations;

/// <summary>The way of every operation: look at its plan, have it confirmed, begin it, show how far it is, say how it ended.</summary>
internal sealed class OperationFlow
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    // A plan waits a moment for groups that are just electing a leader.
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(10);

    // The door to operations may have to be opened on another node first, which takes as long as Orleans needs to give the lost one up.
    private static readonly TimeSpan PatienceWithSilence = TimeSpan.FromSeconds(60);

    private readonly Shell shell;
    private readonly ClusterLocation location;
    private readonly TimeSpan timeout;
    private readonly bool json;

    public OperationFlow(Shell shell, OperationOptions options, ParseResult parsed)
    {
        this.shell = shell;
        location = ClusterLocator.Of(shell).Locate(parsed.GetValue(options.Config));
        timeout = TimeSpan.FromSeconds(parsed.GetValue(options.Timeout));
        json = parsed.GetValue(options.Json);
    }

    /// <summary>Who runs this process, for journal and audit.</summary>
    public static string Who => $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>Runs an operation to its end.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="isAgreed">Whether what its plan wants confirmed is agreed to beforehand (<c>--yes</c>).</param>
    /// <param name="describe">What came of it, in a sentence for people.</param>
    /// <param name="cancellation">Stops looking; the operation goes on.</param>
    public async Task<int> RunAsync(OperationRequest request, bool isAgreed, Func<OperationReport, string> describe, CancellationToken cancellation)
    {
        ClusterConnection connection = await ClusterConnection.OpenAsync(location, timeout, cancellation, Attempt).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            OperationPlan plan = await PersistAsync(() => connection.Client.PlanOperationAsync(request, cancellation), "Nothing was done.").ConfigureAwait(false);
            if (plan.Refusal is { } refusal)
            {
                throw new CommandFailedException(ExitCodes.Negative, refusal);
            }

            if (plan.Confirmation.Length > 0)
            {
                OperationConsent.Obtain(shell, plan, isAgreed);
                request = request with { IsConfirmed = true };
            }

            OperationReport report = await PersistAsync(() => connection.Client.StartOperationAsync(request, cancellation), "Whether it was begun is not known: 'lattice admin operations' shows it.").ConfigureAwait(false);
            if (report.Refusal is { } late)
            {
                throw new CommandFailedException(ExitCodes.Negative, late);
            }

            report = await WatchAsync(connection.Client, report, cancellation).ConfigureAwait(false);
            return await PrintAsync(report, describe).ConfigureAwait(false);
        }
    }

    private async Task<OperationReport> WatchAsync(LatticeClient client, OperationReport report, CancellationToken cancellation)
    {
        try
        {
            return await OperationProgress.ShowAsync(shell, report, async () =>
            {
                await Task.Delay(PollInterval, cancellation).ConfigureAwait(false);
                return await LookAsync(client, report.Request, cancellation).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await shell.Error.WriteLineAsync($"lattice: '{report.Request.Title}' goes on in the cluster. 'lattice admin operations' shows how far it is.").ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<OperationReport> LookAsync(LatticeClient client, OperationRequest request, CancellationToken cancellation) =>
        await PersistAsync(() => client.FindOperationAsync(request.Id, cancellation), "It was begun, and goes on when the nodes are back: 'lattice admin operations' shows how far it is.").ConfigureAwait(false)
            ?? throw new CommandFailedException(ExitCodes.Unavailable, $"The node that ran '{request.Title}' was lost and the journal did not hold the operation, so whether it ended is not known. 'lattice status' and 'lattice admin operations' show how the cluster is. Repeat the command: what was done already is not done twice.");

    /// <summary>Asks until there is an answer; everything here may be asked twice.</summary>
    private static async Task<T> PersistAsync<T>(Func<Task<T>> ask, string meaning)
    {
        long began = Stopwatch.GetTimestamp();
        for (; ; )
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (LatticeUnavailableException e)
            {
                if (Stopwatch.GetElapsedTime(began) > PatienceWithSilence)
                {
                    throw new CommandFailedException(ExitCodes.Unavailable, $"{e.Message} {meaning}", e);
                }
            }
        }
    }

    private async Task<int> PrintAsync(OperationReport report, Func<OperationReport, string> describe)
    {
        if (json)
        {
            await shell.Out.WriteLineAsync(JsonSerializer.Serialize(OperationOutput.Of(report), CliJson.Lines.OperationOutput)).ConfigureAwait(false);
        }
        else if (report.State == OperationState.Done)
        {
            await shell.Out.WriteLineAsync(describe(report)).ConfigureAwait(false);
        }

        if (report.State != OperationState.Done)
        {
            throw new CommandFailedException(ExitCodes.Negative, $"'{report.Request.Title}' failed. {report.Failure}");
        }

        if (!report.IsJournaled)
        {
            await shell.Error.WriteLineAsync("lattice: The operation is not journaled: the database of grain state could not be reached. It was done all the same.").ConfigureAwait(false);
        }

        return ExitCodes.Success;
    }
}
