using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Lattice.Grains.Operations;

/// <summary>What the journal holds: the latest operations and what happened to them.</summary>
[GenerateSerializer, Alias("lattice.operation-journal")]
public sealed class JournalContent
{
    /// <summary>Operations, oldest first.</summary>
    [Id(0)] public List<OperationReport> Operations { get; set; } = [];

    /// <summary>What happened to them, oldest first.</summary>
    [Id(1)] public List<AuditEvent> Events { get; set; } = [];
}

/// <summary>
/// Where operations are written down: Orleans' grain storage. Operations do not depend on it. While it cannot be reached they are
/// remembered here, and written when it is back; only one that it holds is taken up by another node.
/// </summary>
internal sealed partial class OperationJournal(IServiceProvider services, GrainId owner, TimeProvider time, ILogger logger) : IDisposable
{
    private const string StateName = "operations";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // A database that is away is not asked by everybody who wants to know how an operation stands.
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private readonly IGrainStorage? storage = services.GetKeyedService<IGrainStorage>(LatticeStorage.Name);
    private readonly SemaphoreSlim turn = new(1);
    private GrainState<JournalContent> stored = new(new JournalContent());
    private bool isRead;
    private long failedAt;

    /// <summary>Why the journal could not be read or written the last time; null: it could.</summary>
    public string? Failure { get; private set; }

    /// <summary>Reads it, if it was not read yet.</summary>
    /// <returns>What it holds, once; null afterwards, or while it cannot be read.</returns>
    public async Task<JournalContent?> ReadAsync()
    {
        await turn.WaitAsync();
        try
        {
            return isRead || !await TryAsync(ReadStoredAsync) ? null : stored.State;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Writes everything, when it has been read before: nothing that another node wrote may be lost.</summary>
    /// <returns>Whether it was written.</returns>
    public async Task<bool> WriteAsync(Func<JournalContent> content)
    {
        await turn.WaitAsync();
        try
        {
            return isRead && await TryAsync(async () =>
            {
                stored.State = content();
                await storage!.WriteStateAsync(StateName, owner, stored);
            });
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    private async Task ReadStoredAsync()
    {
        var read = new GrainState<JournalContent>(new JournalContent());
        await storage!.ReadStateAsync(StateName, owner, read);
        read.State ??= new JournalContent();
        (stored, isRead) = (read, true);
    }

    private async Task<bool> TryAsync(Func<Task> access)
    {
        if (storage is null)
        {
            Failure = "this cluster has no grain storage for it.";
            return false;
        }

        if (failedAt != 0 && time.GetElapsedTime(failedAt) < PauseAfterFailure)
        {
            return false;
        }

        try
        {
            await access().WaitAsync(Patience, time);
            failedAt = 0;
            Failure = null;
            return true;
        }
        catch (InconsistentStateException e)
        {
            // Another activation wrote in between: read again before the next write.
            isRead = false;
            Failure = $"another node wrote to it at the same time: {e.Message}";
            return false;
        }
        catch (Exception e)
        {
            // Whatever is wrong with the database, the operation goes on.
            if (Failure is null)
            {
                LogNotReachable(e.Message);
            }

            Failure = e.Message;
            failedAt = time.GetTimestamp();
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The journal of operations cannot be reached: operations go on and are not journaled. {Reason}")]
    private partial void LogNotReachable(string reason);
}
