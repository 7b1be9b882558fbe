using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Membership;

/// <summary>
/// A membership table that outlives its database. Orleans goes on when the table cannot be read, but takes one that was emptied, deleted or
/// set back at its word: a node that is started then would be alone in the new table, and as soon as that had seen more changes than the old
/// one the running silos would find themselves missing and end their processes. So this silo remembers what it last
/// read, and when it is missing from the table itself, or the table is older than what it knows, it puts everything back.
/// A silo that stops while the database is gone does not wait for it either: it tells the others directly, and the table is put right when
/// the node starts again.
/// </summary>
/// <param name="table">The database's table.</param>
/// <param name="restorer">Puts things back.</param>
/// <param name="self">This silo.</param>
/// <param name="view">What this silo knows by now, also from the other silos directly.</param>
/// <param name="lifetime">Says when the process stops.</param>
/// <param name="logger">Where it is told.</param>
internal sealed partial class LastingMembershipTable(
    IMembershipTable table,
    MembershipRestorer restorer,
    ILocalSiloDetails self,
    Func<ClusterMembershipSnapshot> view,
    IHostApplicationLifetime lifetime,
    ILogger<LastingMembershipTable> logger) : IMembershipTable
{
    // How long a silo that stops waits for the database.
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(1);

    private MembershipTableData? known;
    private MembershipTableData? lastRead;
    private bool unreachable;

    private bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            MembershipTableData read = await WatchAsync(ReadWholeAsync, cancellationToken).ConfigureAwait(false);
            Remember(read);
            return read;
        }
        catch (Exception e) when (e is not OperationCanceledException && IsStopping && lastRead is not null)
        {
            return lastRead;
        }
    }

    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken = default) =>
        table.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

    public Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken = default) => table.ReadRowAsync(key, cancellationToken);

    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken = default) =>
        table.InsertRowAsync(entry, tableVersion, cancellationToken);

    public async Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken = default)
    {
        try
        {
            return await WatchAsync(c => table.UpdateRowAsync(entry, etag, tableVersion, c), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException && IsStopping && entry.SiloAddress.Equals(self.SiloAddress))
        {
            // Orleans goes on to tell the others, which is what counts.
            return true;
        }
    }

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken = default) => WatchAsync(
        async c =>
        {
            await table.UpdateIAmAliveAsync(entry, c).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

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

    private async Task<MembershipTableData> ReadWholeAsync(CancellationToken cancellation)
    {
        MembershipTableData? remembered = Volatile.Read(ref known);
        MembershipTableData read;
        try
        {
            read = await table.ReadAllAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (remembered is not null && MembershipDatabase.IsMissing(e))
        {
            return await PutBackAsync(remembered, cancellation).ConfigureAwait(false);
        }

        return remembered is not null && IsSetBack(read, remembered) ? await PutBackAsync(remembered, cancellation).ConfigureAwait(false) : read;
    }

    /// <summary>Tells once that the database is gone, and once that it is back; Orleans tries again in any case.</summary>
    private async Task<T> WatchAsync<T>(Func<CancellationToken, Task<T>> access, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (IsStopping)
        {
            patience.CancelAfter(LastPatience);
        }

        try
        {
            T result = await access(patience.Token).ConfigureAwait(false);
            if (Interlocked.Exchange(ref unreachable, false))
            {
                LogReachable();
            }

            return result;
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException("The membership database did not answer in time.", e);
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
        read.TryGet(self.SiloAddress) is null || read.Version.Version < remembered.Version.Version || read.Version.Version < view().Version.Value;

    /// <summary>What was read last, and what happened since: silos tell each other of changes before they read them.</summary>
    private static MembershipTableData Newest(MembershipTableData remembered, ClusterMembershipSnapshot told)
    {
        var entries = new List<Tuple<MembershipEntry, string>>();
        foreach ((MembershipEntry entry, string etag) in remembered.Members)
        {
            MembershipEntry newest = entry;
            if (told.Members.TryGetValue(entry.SiloAddress, out ClusterMember? member) && member.Status > entry.Status)
            {
                newest = new MembershipEntry
                {
                    SiloAddress = entry.SiloAddress,
                    SiloName = entry.SiloName,
                    HostName = entry.HostName,
                    Status = member.Status,
                    ProxyPort = entry.ProxyPort,
                    StartTime = entry.StartTime,
                    IAmAliveTime = entry.IAmAliveTime,
                };
            }

            entries.Add(Tuple.Create(newest, etag));
        }

        int version = (int)Math.Max(remembered.Version.Version, told.Version.Value);
        return new MembershipTableData(entries, new TableVersion(version, remembered.Version.VersionEtag));
    }

    /// <summary>Only a table with this silo alive in it is worth remembering; one that says it is dead is to be believed.</summary>
    private void Remember(MembershipTableData read)
    {
        Volatile.Write(ref lastRead, read);
        Volatile.Write(ref known, read.TryGet(self.SiloAddress) is { Item1.Status: SiloStatus.Joining or SiloStatus.Active } ? read : null);
    }

    private async Task<MembershipTableData> PutBackAsync(MembershipTableData remembered, CancellationToken cancellation)
    {
        if (await restorer.PutBackAsync(Newest(remembered, view()), self.SiloAddress, cancellation).ConfigureAwait(false))
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
