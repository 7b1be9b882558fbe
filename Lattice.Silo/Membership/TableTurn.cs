using System.Data.Common;
using System.Net.Sockets;
using Lattice.Silo.Configuration;
using Microsoft.Data.Sqlite;

namespace Lattice.Silo.Membership;

/// <summary>
/// Has nodes that start or stop at the same time change the membership table one after the other. Two that change it at once get in each other's way,
/// and Orleans lets the loser wait for two to four seconds before it tries again; a turn takes some tenths of one when a node starts, and some
/// hundredths when it stops. Nobody depends on it: who does not get a turn in time goes on without.
/// </summary>
internal sealed class TableTurn(NodeSettings settings, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>
{
    // Any number that only this lock uses.
    private const long Key = 0x6C61747469636501;

    private static readonly TimeSpan PatienceOfStart = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PatienceOfStop = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private IAsyncDisposable? held;

    public void Participate(ISiloLifecycle observer)
    {
        // The silo enters the table after its grain services, and is active in it at the end.
        observer.Subscribe(nameof(TableTurn), ServiceLifecycleStage.AfterRuntimeGrainServices - 1, c => TakeAsync(PatienceOfStart, c), _ => GiveAsync());
        observer.Subscribe(nameof(TableTurn), ServiceLifecycleStage.Active, _ => GiveAsync(), TakeToStopAsync);

        // It says there first of all that it stops, and last, before it closes its connections, that it is gone.
        observer.Subscribe(nameof(TableTurn), ServiceLifecycleStage.BecomeActive - 1, static _ => Task.CompletedTask, _ => GiveAsync());
        observer.Subscribe(nameof(TableTurn), ServiceLifecycleStage.RuntimeInitialize + 2, static _ => Task.CompletedTask, TakeToStopAsync);
        observer.Subscribe(nameof(TableTurn), ServiceLifecycleStage.RuntimeInitialize, static _ => Task.CompletedTask, _ => GiveAsync());
    }

    private async Task TakeToStopAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(PatienceOfStop);
        try
        {
            await TakeAsync(PatienceOfStop, patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DbException or IOException or SocketException or TimeoutException or OperationCanceledException)
        {
            // The database is gone: nobody gets in anybody's way.
            return;
        }
    }

    /// <summary>Waits for the turn, but not for long.</summary>
    private async Task TakeAsync(TimeSpan patience, CancellationToken cancellation)
    {
        if (settings.Membership.Provider == MembershipProvider.Sqlite)
        {
            string file = $"{new SqliteConnectionStringBuilder(settings.Membership.Connection).DataSource}.turn";
            await UntilAsync(() => Task.FromResult((held = TryLock(file)) is not null), patience, cancellation).ConfigureAwait(false);
        }
        else
        {
            DbConnection session = await MembershipDatabase.OpenAsync(settings.Membership, cancellation).ConfigureAwait(false);
            held = session;
            await UntilAsync(() => TryLockAsync(session, cancellation), patience, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the turn.</summary>
    private async Task GiveAsync()
    {
        if (Interlocked.Exchange(ref held, null) is { } turn)
        {
            await turn.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task UntilAsync(Func<Task<bool>> taken, TimeSpan patience, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        while (!await taken().ConfigureAwait(false) && time.GetElapsedTime(began) < patience)
        {
            await Task.Delay(Interval, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>A lock of the operating system on a file beside the database; it ends with the process, whatever happens to that.</summary>
    private static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException)
        {
            // Another node has it.
            return null;
        }
    }

    /// <summary>A lock of a database session; it ends with the connection.</summary>
    private static async Task<bool> TryLockAsync(DbConnection session, CancellationToken cancellation)
    {
        DbCommand command = session.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            command.CommandText = $"SELECT pg_try_advisory_lock({Key});";
            return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is true;
        }
    }
}
