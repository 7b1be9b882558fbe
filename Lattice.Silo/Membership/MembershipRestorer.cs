using System.Data.Common;
using Lattice.Silo.Configuration;

namespace Lattice.Silo.Membership;

/// <summary>Writes a known membership table into a database that has lost it.</summary>
/// <param name="settings">The database.</param>
/// <param name="cluster">Name of the cluster.</param>
internal sealed class MembershipRestorer(MembershipSettings settings, string cluster)
{
    // The version ends above both the known one and the present one, so that every silo takes the result for news. A silo's status only ever
    // rises in its life (Active, Dead): the later of two is the higher one.
    private const string RaiseVersion = """
        INSERT INTO OrleansMembershipVersionTable (DeploymentId, Version) VALUES (@cluster, @version)
            ON CONFLICT (DeploymentId) DO UPDATE SET Version = 1 +
                CASE WHEN OrleansMembershipVersionTable.Version > excluded.Version THEN OrleansMembershipVersionTable.Version ELSE excluded.Version END;
        """;

    private const string PutBackSilo = """
        INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
            VALUES (@cluster, @address, @port, @generation, @name, @host, @status, @proxyPort, @started, @signed)
            ON CONFLICT (DeploymentId, Address, Port, Generation) DO UPDATE SET Status = excluded.Status
                WHERE OrleansMembershipTable.Status < excluded.Status;
        """;

    private const string Present = """
        SELECT count(*) FROM OrleansMembershipVersionTable v
            JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId AND m.Address = @address AND m.Port = @port AND m.Generation = @generation
            WHERE v.DeploymentId = @cluster AND v.Version >= @version;
        """;

    /// <summary>Puts the table back, unless another node has done so meanwhile.</summary>
    /// <param name="known">What the table held.</param>
    /// <param name="self">This silo, which is in it.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Whether it was this node that did.</returns>
    public async Task<bool> PutBackAsync(MembershipTableData known, SiloAddress self, CancellationToken cancellation)
    {
        await MembershipDatabase.SetUpAsync(settings, cancellation).ConfigureAwait(false);
        DbConnection connection = await MembershipDatabase.OpenAsync(settings, cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            DbTransaction transaction = await MembershipDatabase.BeginAloneAsync(connection, cancellation).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                if (await IsPresentAsync(transaction, known, self, cancellation).ConfigureAwait(false))
                {
                    return false;
                }

                await PutBackAsync(transaction, known, cancellation).ConfigureAwait(false);
                await transaction.CommitAsync(cancellation).ConfigureAwait(false);
                return true;
            }
        }
    }

    private async Task<bool> IsPresentAsync(DbTransaction transaction, MembershipTableData known, SiloAddress self, CancellationToken cancellation)
    {
        DbCommand command = Command(transaction, Present);
        await using (command.ConfigureAwait(false))
        {
            AddAddress(command, self);
            Add(command, "version", known.Version.Version);
            return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false), System.Globalization.CultureInfo.InvariantCulture) > 0;
        }
    }

    private async Task PutBackAsync(DbTransaction transaction, MembershipTableData known, CancellationToken cancellation)
    {
        DbCommand raise = Command(transaction, RaiseVersion);
        await using (raise.ConfigureAwait(false))
        {
            Add(raise, "version", known.Version.Version + 1);
            await raise.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }

        foreach ((MembershipEntry entry, _) in known.Members)
        {
            DbCommand insert = Command(transaction, PutBackSilo);
            await using (insert.ConfigureAwait(false))
            {
                AddAddress(insert, entry.SiloAddress);
                Add(insert, "name", entry.SiloName);
                Add(insert, "host", entry.HostName);
                Add(insert, "status", (int)entry.Status);
                Add(insert, "proxyPort", entry.ProxyPort);
                Add(insert, "started", DateTime.SpecifyKind(entry.StartTime, DateTimeKind.Utc));
                Add(insert, "signed", DateTime.SpecifyKind(entry.IAmAliveTime, DateTimeKind.Utc));
                await insert.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }
        }
    }

    private DbCommand Command(DbTransaction transaction, string text)
    {
        DbCommand command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // One of the constants above.
        command.CommandText = text;
#pragma warning restore CA2100
        Add(command, "cluster", cluster);
        return command;
    }

    private static void AddAddress(DbCommand command, SiloAddress silo)
    {
        Add(command, "address", silo.Endpoint.Address.ToString());
        Add(command, "port", silo.Endpoint.Port);
        Add(command, "generation", silo.Generation);
    }

    private static void Add(DbCommand command, string name, object value)
    {
        DbParameter parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
    }
}
