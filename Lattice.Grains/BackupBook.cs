using System.Diagnostics.Metrics;
using System.Globalization;
using Lattice.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains;

/// <summary>
/// What is remembered of this node's backups: each is an operation of the cluster's journal, which asks here how far it is, and when the last one succeeded stands in a
/// small file, so that the metric about it survives a restart. A backup needs none of this to be made.
/// </summary>
public sealed partial class BackupBook : IDisposable
{
    private const string FileName = "last-backup";
    private const int Remembered = 16;
    private const int Attempts = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly NodeInfo node;
    private readonly IGrainFactory grains;
    private readonly TimeProvider time;
    private readonly ILogger<BackupBook> logger;
    private readonly Meter meter = new(LatticeMeter.Name);
    private readonly string file;
    private readonly Lock gate = new();
    private readonly Queue<(Guid Id, NodeTask Task)> ended = new();
    private long lastSuccess;

    /// <summary>Reads when the last backup succeeded.</summary>
    public BackupBook(NodeInfo node, IGrainFactory grains, TimeProvider time, ILogger<BackupBook> logger)
    {
        (this.node, this.grains, this.time, this.logger) = (node, grains, time, logger);
        file = Path.Combine(node.DataDirectory, FileName);
        lastSuccess = ReadLastSuccess();
        meter.CreateObservableGauge("lattice_backup_last_success_timestamp_seconds", LastSuccess, description: "When the last backup of this node was written, checked and given its name, as Unix time; absent when none is known.");
    }

    /// <summary>Has a backup that was begun written down in the cluster's journal.</summary>
    public void Begun(Guid id, string who) => _ = Task.Run(() => JournalAsync(id, who));

    /// <summary>A backup has ended.</summary>
    /// <param name="id">The backup.</param>
    /// <param name="bytes">Bytes that were handed out.</param>
    /// <param name="failure">Why there is none; null: it stands where it was meant to.</param>
    public void Ended(Guid id, long bytes, string? failure)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["bytes"] = bytes.ToString(CultureInfo.InvariantCulture) };
        lock (gate)
        {
            ended.Enqueue((id, new NodeTask(IsDone: true, failure, bytes, facts)));
            if (ended.Count > Remembered)
            {
                ended.Dequeue();
            }
        }

        if (failure is null)
        {
            Succeeded(time.GetUtcNow().ToUnixTimeSeconds());
        }
    }

    /// <summary>How a backup ended; null: it has not, or is not known.</summary>
    public NodeTask? Find(Guid id)
    {
        lock (gate)
        {
            foreach ((Guid known, NodeTask task) in ended)
            {
                if (known == id)
                {
                    return task;
                }
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private IEnumerable<Measurement<double>> LastSuccess() =>
        Interlocked.Read(ref lastSuccess) is var known and > 0 ? [new Measurement<double>(known)] : [];

    private async Task JournalAsync(Guid id, string who)
    {
        var request = new OperationRequest { Id = id, Kind = OperationKind.Backup, Node = node.Node, Who = who, Title = string.Create(CultureInfo.InvariantCulture, $"backup {node.Node}") };
        string why = "";
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                OperationReport report = await grains.GetGrain<IAdminGrain>(0).Start(request);
                if (report.Refusal is null)
                {
                    return;
                }

                // An earlier backup whose reader was lost may not have been seen to end yet.
                why = report.Refusal;
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                why = e.Message;
            }

            await Task.Delay(Pause, time);
        }

        LogNotJournaled(who, why);
    }

    private void Succeeded(long at)
    {
        Interlocked.Exchange(ref lastSuccess, at);
        try
        {
            string unfinished = file + ".tmp";
            File.WriteAllText(unfinished, at.ToString(CultureInfo.InvariantCulture));
            File.Move(unfinished, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotRemembered(file, e.Message);
        }
    }

    private long ReadLastSuccess()
    {
        try
        {
            return File.Exists(file) && long.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out long at) ? at : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotRemembered(file, e.Message);
            return 0;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The backup begun for {Who} is not in the journal of operations: {Reason} The backup itself goes on")]
    private partial void LogNotJournaled(string who, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "When the last backup succeeded is not remembered across a restart: {File}: {Reason}")]
    private partial void LogNotRemembered(string file, string reason);
}
