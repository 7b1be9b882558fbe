using System.Data.Common;
using Lattice.Silo.Configuration;
using Microsoft.Data.Sqlite;

namespace Lattice.Silo.Membership;

/// <summary>
/// Has nodes that start at the same time enter the membership table one after the other. Two that change it at once get in each other's way, and
/// Orleans lets the loser wait for two to four seconds before it tries again; a turn takes some tenths of one. Nobody depends on
/// it: who does not get a turn in time goes on without.
/// </summary>
internal sealed class JoinTurn(NodeSettings settings, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>
{
    // Any number that only this lock uses.
    private const long Key = 0x6C61747469636501;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(25);

    private IAsyncDisposable? held;

    public void Participate(ISiloLifecycle observer)
    {
        // The silo enters the table after its grain services, and is active in it at the end.
        observer.Subscribe(nameof(JoinTurn), ServiceLifecycleStage.AfterRuntimeGrainServices - 1, TakeAsync, _ => GiveAsync());
        observer.Subscribe(nameof(JoinTurn), ServiceLifecycleStage.Active, _ => GiveAsync());
    }

    /// <summary>Waits for the turn, but not for long.</summary>
    public async Task TakeAsync(CancellationToken cancellation)
    {
        if (settings.Membership.Provider == MembershipProvider.Sqlite)
        {
            string file = $"{new SqliteConnectionStringBuilder(settings.Membership.Connection).DataSource}.join";
            await UntilAsync(() => Task.FromResult((held = TryLock(file)) is not null), cancellation).ConfigureAwait(false);
        }
        else
        {
            DbConnection session = await MembershipDatabase.OpenAsync(settings.Membership, cancellation).ConfigureAwait(false);
            held = session;
            await UntilAsync(() => TryLockAsync(session, cancellation), cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the turn.</summary>
    public async Task GiveAsync()
    {
        if (Interlocked.Exchange(ref held, null) is { } turn)
        {
            await turn.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task UntilAsync(Func<Task<bool>> taken, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        while (!await taken().ConfigureAwait(false) && time.GetElapsedTime(began) < Patience)
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
