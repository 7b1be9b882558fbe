using System.Globalization;
using Lattice.Core.Replication;
using Lattice.Core.Verification;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains;

/// <summary>Where backups of this node are handed out, one at a time.</summary>
public sealed partial class BackupDesk(NodeInfo node, ReplicaHost host, BackupBook book, TimeProvider time, ILogger<BackupDesk> logger) : IAsyncDisposable
{
    private static readonly IReadOnlyDictionary<string, string> NoFacts = new Dictionary<string, string>(StringComparer.Ordinal);

    private readonly Lock gate = new();
    private Opening? opening;
    private BackupStream? current;

    private sealed record Opening(Guid Id, string Who, DateTimeOffset Began, Task<BackupTicket> Ticket);

    /// <summary>Begins a backup.</summary>
    /// <param name="id">What it is known by; asked for twice, it is begun once.</param>
    /// <param name="who">Who asks for it.</param>
    public async ValueTask<BackupTicket> OpenAsync(Guid id, string who)
    {
        Task<BackupTicket> ticket;
        lock (gate)
        {
            bool isRunning = opening is { Ticket.IsCompleted: false } || current is { IsAbandoned: false };
            if (isRunning && opening!.Id != id)
            {
                return new BackupTicket { Refusal = $"A backup of node {node.Node} is under way since {opening.Began:HH:mm:ss} UTC, for {opening.Who}. Wait until it is done; one whose reader is gone ends by itself after {Patience} s." };
            }

            if (opening?.Id != id)
            {
                opening = new Opening(id, who, time.GetUtcNow(), BeginAsync(id, who, current));
            }

            ticket = opening.Ticket;
        }

        return await ticket;
    }

    private string GivenUp => $"Node {node.Node} has given this backup up: no part was asked for within {Patience} s, or the node was restarted. Begin it anew.";

    private static string Patience => BackupStream.Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    private async Task<BackupTicket> BeginAsync(Guid id, string who, BackupStream? abandoned)
    {
        // Waits for the groups' loops, so not on the silo's own threads.
        NodeSnapshot? snapshot = await Task.Factory.StartNew(host.TakeSnapshot, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (abandoned is not null)
        {
            await abandoned.DisposeAsync();
        }

        if (snapshot is null)
        {
            return new BackupTicket { Refusal = $"Node {node.Node} is too busy to take a view of its state: one of its groups did not answer within 10 s. Try again, or back up another node." };
        }

        var ticket = new BackupTicket
        {
            Number = snapshot.Info.Number,
            TakenAt = DateTimeOffset.FromUnixTimeMilliseconds((long)snapshot.Info.CreatedMs),
            Cluster = snapshot.Info.ClusterName,
            ClusterId = snapshot.Info.ClusterId,
            Version = node.Version,
            Groups = Describe(snapshot),
        };
        lock (gate)
        {
            current = new BackupStream(id, snapshot, time, host.ReportFatal);
        }

        LogBegun(ticket.Number, who);
        book.Begun(id, who);
        return ticket;
    }

    /// <summary>How far a backup is, or how it ended.</summary>
    public NodeTask Look(Guid id)
    {
        if (book.Find(id) is { } ended)
        {
            return ended;
        }

        return Find(id) is { IsAbandoned: false } stream
            ? new NodeTask(IsDone: false, Failure: null, stream.Bytes, NoFacts)
            : new NodeTask(IsDone: true, GivenUp, 0, NoFacts);
    }

    /// <summary>A part.</summary>
    public ValueTask<BackupPart> ReadAsync(Guid id, long number) => Find(id) is { } stream
        ? stream.ReadAsync(number)
        : ValueTask.FromResult(new BackupPart([], IsLast: true, GivenUp));

    /// <summary>Ends a backup.</summary>
    public async ValueTask CloseAsync(Guid id, bool isWhole)
    {
        if (Find(id) is not { } stream)
        {
            return;
        }

        string who;
        lock (gate)
        {
            who = opening!.Who;
            current = null;
        }

        book.Ended(id, stream.Bytes, isWhole ? null : "Whoever read it gave it up; nothing new stands under the file's name. Begin it anew.");
        if (isWhole)
        {
            LogDone(stream.Bytes, who);
        }
        else
        {
            LogGivenUp(stream.Bytes, who);
        }

        await stream.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (current is { } open)
        {
            await open.DisposeAsync();
        }
    }

    private BackupStream? Find(Guid id)
    {
        lock (gate)
        {
            return current is { } stream && stream.Id == id ? stream : null;
        }
    }

    private List<BackupGroup> Describe(NodeSnapshot snapshot)
    {
        Dictionary<uint, VerificationState> verified = host.Status().Replicas.ToDictionary(r => r.Group, r => r.Verification);
        return [.. snapshot.Groups.Select(g => new BackupGroup(g.Group, g.Metadata.Position.Index, g.Metadata.Position.Term, verified.GetValueOrDefault(g.Group) == VerificationState.Agrees))];
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Backup {Number} begun for {Who}")]
    private partial void LogBegun(ulong number, string who);

    [LoggerMessage(Level = LogLevel.Information, Message = "Backup of {Bytes} bytes handed out and checked, for {Who}")]
    private partial void LogDone(long bytes, string who);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Backup given up by its reader {Who} after {Bytes} bytes")]
    private partial void LogGivenUp(long bytes, string who);
}
