using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Membership;

/// <summary>
/// A membership table that outlives its database. Orleans goes on when the table cannot be read, but takes one that was emptied, deleted or
/// set back at its word: a node that is started then would be alone in the new table, and as soon as that had seen more changes than the old
/// one the running silos would find themselves missing and end their processes. So this silo remembers what it last
/// read, and when it is missing from the table itself, or the table is older than what it knows, it puts everything back.
/// </summary>
internal sealed partial class LastingMembershipTable(
    IMembershipTable table,
    MembershipRestorer restorer,
    ILocalSiloDetails self,
    ILogger<LastingMembershipTable> logger) : IMembershipTable
{
    private MembershipTableData? known;
    private bool unreachable;

    public Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken = default) => WatchAsync(async () =>
    {
        MembershipTableData? remembered = Volatile.Read(ref known);
        MembershipTableData read;
        try
        {
            read = await table.ReadAllAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (remembered is not null && MembershipDatabase.IsMissing(e))
        {
            read = await PutBackAsync(remembered, cancellationToken).ConfigureAwait(false);
        }

        if (remembered is not null && IsSetBack(read, remembered))
        {
            read = await PutBackAsync(remembered, cancellationToken).ConfigureAwait(false);
        }

        Remember(read);
        return read;
    });

    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken = default) =>
        table.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

    public Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken = default) => table.ReadRowAsync(key, cancellationToken);

    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken = default) =>
        table.InsertRowAsync(entry, tableVersion, cancellationToken);

    public Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken = default) =>
        table.UpdateRowAsync(entry, etag, tableVersion, cancellationToken);

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken = default) => WatchAsync(async () =>
    {
        await table.UpdateIAmAliveAsync(entry, cancellationToken).ConfigureAwait(false);
        return true;
    });

    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken = default) =>
        table.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken = default) =>
        table.CleanupDefunctSiloEntriesAsync(beforeDate, cancellationToken);

    // The forms without cancellation, which Orleans no longer calls.
    Task IMembershipTable.InitializeMembershipTable(bool tryInitTableVersion) => InitializeMembershipTableAsync(tryInitTableVersion);

    Task<MembershipTableData> IMembershipTable.ReadRow(SiloAddress key) => ReadRowAsync(key);

    Task<MembershipTableData> IMembershipTable.ReadAll() => ReadAllAsync();

    Task<bool> IMembershipTable.InsertRow(MembershipEntry entry, TableVersion tableVersion) => InsertRowAsync(entry, tableVersion);

    Task<bool> IMembershipTable.UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => UpdateRowAsync(entry, etag, tableVersion);

    Task IMembershipTable.UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry);

    Task IMembershipTable.DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId);

    Task IMembershipTable.CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate);

    /// <summary>Tells once that the database is gone, and once that it is back; Orleans tries again in any case.</summary>
    private async Task<T> WatchAsync<T>(Func<Task<T>> access)
    {
        try
        {
            T result = await access().ConfigureAwait(false);
            if (Interlocked.Exchange(ref unreachable, false))
            {
                LogReachable();
            }

            return result;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (!Interlocked.Exchange(ref unreachable, true))
            {
                LogUnreachable(e.Message);
            }

            throw;
        }
    }

    private bool IsSetBack(MembershipTableData read, MembershipTableData remembered) =>
        read.TryGet(self.SiloAddress) is null || read.Version.Version < remembered.Version.Version;

    /// <summary>Only a table with this silo alive in it is worth remembering; one that says it is dead is to be believed.</summary>
    private void Remember(MembershipTableData read) =>
        Volatile.Write(ref known, read.TryGet(self.SiloAddress) is { Item1.Status: SiloStatus.Joining or SiloStatus.Active } ? read : null);

    private async Task<MembershipTableData> PutBackAsync(MembershipTableData remembered, CancellationToken cancellation)
    {
        if (await restorer.PutBackAsync(remembered, self.SiloAddress, cancellation).ConfigureAwait(false))
        {
            LogPutBack(remembered.Members.Count);
        }

        return await table.ReadAllAsync(cancellation).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership table was lost or set back to an earlier state; this node put back the {Silos} silos that it knows. Nothing needs to be done")]
    private partial void LogPutBack(int silos);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership database cannot be reached: {Reason} Reads and writes go on; nodes cannot start until it is back")]
    private partial void LogUnreachable(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The membership database can be reached again")]
    private partial void LogReachable();
}
