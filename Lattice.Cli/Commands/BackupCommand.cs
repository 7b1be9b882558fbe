using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Lattice.Cli.Backup;
using Lattice.Cli.Cluster;
using Lattice.Cli.Output;
using Lattice.Client;
using Lattice.Grains;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice backup N FILE</c> and <c>lattice backup verify FILE</c>.</summary>
internal static class BackupCommand
{
    // Bytes that reach the disk together. What a whole backup leaves in memory to be written at its end holds up the log of a node on the same disk.
    private const long FlushedTogether = 16 << 20;

    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node to back up");
        var file = new Argument<string>("FILE") { Description = "Where the backup goes, a .tar.gz; replaced when the new one is whole" };
        Option<string?> config = CommonOptions.Config();
        Option<bool> json = CommonOptions.Json();
        Option<double> timeout = CommonOptions.Timeout();
        var command = new Command("backup", "Copies the state of a running node into a file, consistent and checked.") { node, file, config, json, timeout, CreateVerify(shell) };
        command.SetAction((parsed, cancellation) =>
        {
            ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(config));
            return RunAsync(shell, location, (parsed.GetValue(node), Path.GetFullPath(parsed.GetRequiredValue(file))), TimeSpan.FromSeconds(parsed.GetValue(timeout)), parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static Command CreateVerify(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "The backup" };
        Option<bool> json = CommonOptions.Json();
        var command = new Command("verify", "Reads a backup to its end and checks everything in it; changes nothing.") { file, json };
        command.SetAction((parsed, _) => VerifyAsync(shell, Path.GetFullPath(parsed.GetRequiredValue(file)), parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(Shell shell, ClusterLocation location, (int Node, string File) what, TimeSpan timeout, bool json, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        ClusterConnection connection = await ClusterConnection.OpenAsync(location, timeout, cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var id = Guid.NewGuid();
            BackupTicket ticket = await connection.Client.OpenBackupAsync(what.Node, id, Shell.Operator, cancellation).ConfigureAwait(false);
            if (ticket.Refusal is { } refusal)
            {
                throw new CommandFailedException(ExitCodes.Unavailable, $"No backup was made: {refusal}");
            }

            BackupManifest manifest = Describe(what.Node, ticket);
            bool isWhole = false;
            try
            {
                BackupReport report = await WriteAsync(shell, connection.Client, (what.Node, id, what.File), manifest, began, cancellation).ConfigureAwait(false);
                isWhole = true;
                await PrintAsync(shell, report, json, "written and checked").ConfigureAwait(false);
                return ExitCodes.Success;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CommandFailedException(ExitCodes.Negative, $"The backup could not be written to {what.File}: {e.Message} An earlier backup of that name is as it was.", e);
            }
            catch (BackupDamagedException e)
            {
                throw new CommandFailedException(ExitCodes.Unavailable, $"What arrived of node {what.Node} was not what it sent: {e.Message} Repeat the command; if it happens again, check the memory and the disk of this machine.", e);
            }
            finally
            {
                await CloseAsync(connection.Client, what.Node, id, isWhole).ConfigureAwait(false);
            }
        }
    }

    private static async Task CloseAsync(LatticeClient client, int node, Guid id, bool isWhole)
    {
        try
        {
            await client.CloseBackupAsync(node, id, isWhole, CancellationToken.None).ConfigureAwait(false);
        }
        catch (LatticeException)
        {
            // The node finds out by itself that nobody reads any more; how the backup ended is known here.
        }
    }

    private static async Task<BackupReport> WriteAsync(Shell shell, LatticeClient client, (int Node, Guid Id, string File) what, BackupManifest manifest, long began, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(what.File)!);
        using var archive = new BackupArchiveWriter(what.File, manifest);
        var progress = new TransferProgress(shell, $"Backing up node {what.Node}");
        long flushedBytes = 0;
        var pace = new HalfTime();
        Task<BackupPart> next = client.ReadBackupAsync(what.Node, what.Id, 0, cancellation);
        for (long number = 1; ; number++)
        {
            BackupPart part = await next.ConfigureAwait(false);
            if (part.Failure is { } failure)
            {
                throw new CommandFailedException(ExitCodes.Unavailable, $"The backup of node {what.Node} broke off after {HumanText.Bytes(archive.SnapshotBytes)}: {failure} An earlier backup of that name is as it was.");
            }

            // The next part travels while this one is written.
            next = part.IsLast ? next : client.ReadBackupAsync(what.Node, what.Id, number, cancellation);
            foreach (byte[] piece in part.Pieces)
            {
                archive.Append(piece);
            }

            progress.Report(archive.SnapshotBytes);
            if (part.IsLast)
            {
                break;
            }

            if (archive.SnapshotBytes - flushedBytes >= FlushedTogether)
            {
                archive.Flush();
                flushedBytes = archive.SnapshotBytes;
                pace.Pause();
            }
        }

        archive.Finish();
        progress.Done();
        long snapshotBytes = archive.SnapshotBytes;
        _ = BackupArchive.Verify(archive.Unfinished, pace);
        archive.Commit();
        return new BackupReport(what.File, new FileInfo(what.File).Length, snapshotBytes, manifest, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static async Task<int> VerifyAsync(Shell shell, string file, bool json)
    {
        if (!File.Exists(file))
        {
            throw new CommandFailedException(ExitCodes.Negative, $"There is no backup {file}.");
        }

        try
        {
            long began = Stopwatch.GetTimestamp();
            BackupArchive.Content content = BackupArchive.Verify(file);
            await PrintAsync(shell, new BackupReport(file, new FileInfo(file).Length, content.SnapshotBytes, content.Manifest, Stopwatch.GetElapsedTime(began).TotalSeconds), json, "is whole and sound").ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (BackupDamagedException e)
        {
            throw new CommandFailedException(ExitCodes.Negative, e.Message, e);
        }
    }

    private static BackupManifest Describe(int node, BackupTicket ticket) => new()
    {
        Format = BackupManifest.CurrentFormat,
        Node = node,
        Cluster = ticket.Cluster,
        ClusterId = ticket.ClusterId.ToString("x16", CultureInfo.InvariantCulture),
        LatticeVersion = ticket.Version,
        TakenAt = ticket.TakenAt,
        Snapshot = Core.State.SnapshotFile.NameOf(ticket.Number),
        Groups = [.. ticket.Groups.Select(g => new BackupManifestGroup(g.Group, g.AppliedIndex, g.Term, g.Confirmed))],
    };

    private static async Task PrintAsync(Shell shell, BackupReport report, bool json, string outcome)
    {
        if (json)
        {
            await shell.Out.WriteLineAsync(JsonSerializer.Serialize(report, CliJson.Lines.BackupReport)).ConfigureAwait(false);
            return;
        }

        BackupManifest backup = report.Backup;
        await shell.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Backup {report.File} {outcome}: node {backup.Node} of '{backup.Cluster}' as of {backup.TakenAt:yyyy-MM-dd HH:mm:ss} UTC, {backup.Groups.Count} groups, {HumanText.Bytes(report.Bytes)}, {report.Seconds:0.0} s.")).ConfigureAwait(false);
        uint[] unconfirmed = [.. backup.Groups.Where(g => !g.Confirmed).Select(g => g.Group)];
        if (unconfirmed.Length > 0)
        {
            await shell.Error.WriteLineAsync($"lattice: No other replica had confirmed the state of group {string.Join(", ", unconfirmed)} when it was taken: it was checked against its own digests only.").ConfigureAwait(false);
        }
    }
}
