using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Lattice.Grains;

/// <summary>
/// Where a grain writes down what has to outlast it: Orleans' grain storage, on which nothing that it does depends. While it cannot be reached the grain
/// remembers by itself, and writes when it is back.
/// </summary>
/// <param name="services">Where the storage is found.</param>
/// <param name="owner">The grain.</param>
/// <param name="name">Name of what it stores.</param>
/// <param name="withoutIt">What it means that the storage cannot be reached, for the log.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
/// <typeparam name="TContent">What it stores.</typeparam>
internal sealed partial class GrainJournal<TContent>(IServiceProvider services, GrainId owner, string name, string withoutIt, TimeProvider time, ILogger logger) : IDisposable
    where TContent : class, new()
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // A database that is away is not asked by everybody who wants to know how an operation stands.
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private readonly IGrainStorage? storage = services.GetKeyedService<IGrainStorage>(LatticeStorage.Name);
    private readonly SemaphoreSlim turn = new(1);
    private GrainState<TContent> stored = new(new TContent());
    private bool isRead;
    private long failedAt;

    /// <summary>Why the journal could not be read or written the last time; null: it could.</summary>
    public string? Failure { get; private set; }

    /// <summary>Reads it, if it was not read yet.</summary>
    /// <returns>What it holds, once; null afterwards, or while it cannot be read.</returns>
    public async Task<TContent?> ReadAsync()
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
    public async Task<bool> WriteAsync(Func<TContent> content)
    {
        await turn.WaitAsync();
        try
        {
            return isRead && await TryAsync(async () =>
            {
                stored.State = content();
                await storage!.WriteStateAsync(name, owner, stored);
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
        var read = new GrainState<TContent>(new TContent());
        await storage!.ReadStateAsync(name, owner, read);
        read.State ??= new TContent();
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
            // Whatever is wrong with the database, the grain goes on.
            if (Failure is null)
            {
                LogNotReachable(withoutIt, e.Message);
            }

            Failure = e.Message;
            failedAt = time.GetTimestamp();
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{WithoutIt} {Reason}")]
    private partial void LogNotReachable(string withoutIt, string reason);
}
