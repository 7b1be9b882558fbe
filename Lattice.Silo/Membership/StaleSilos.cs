using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using Lattice.Silo.Configuration;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Lattice.Silo.Membership;

/// <summary>
/// Takes silos out of the membership table that are listed as active and are not there any more. A starting silo insists on reaching every
/// one that is listed; after all nodes were killed, those that come back would wait for the one that does not. A silo counts as
/// gone when nothing listens on its port, or when it has not signed the table for a while.
/// </summary>
internal static class StaleSilos
{
    // Orleans' SiloStatus.
    private const int Active = 3;
    private const int Dead = 6;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromMilliseconds(500);

    private sealed record Silo(string Address, int Port, int Generation, DateTime SignedAt);

    /// <summary>Declares the silos of the cluster dead that are gone.</summary>
    /// <param name="settings">The node that starts.</param>
    /// <param name="silence">Time without a signature after which a silo that cannot be connected to counts as gone.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task DeclareDeadAsync(NodeSettings settings, TimeSpan silence, CancellationToken cancellation)
    {
        DbConnection connection = settings.Membership.Provider == MembershipProvider.Sqlite
            ? new SqliteConnection(settings.Membership.Connection)
            : new NpgsqlConnection(settings.Membership.Connection);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            List<Silo> listed = await ReadActiveAsync(connection, settings.Cluster.Name, cancellation).ConfigureAwait(false);
            bool[] gone = await Task.WhenAll(listed.Select(silo => IsGoneAsync(silo, silence, cancellation))).ConfigureAwait(false);
            for (int i = 0; i < listed.Count; i++)
            {
                if (gone[i])
                {
                    await DeclareDeadAsync(connection, settings.Cluster.Name, listed[i], cancellation).ConfigureAwait(false);
                }
            }
        }
    }

    private static async Task<bool> IsGoneAsync(Silo silo, TimeSpan silence, CancellationToken cancellation)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(ConnectTimeout);
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(silo.Address), silo.Port, patience.Token).ConfigureAwait(false);
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            // Not reachable from here says nothing about whether it is alive; its signature does.
            return DateTime.UtcNow - silo.SignedAt > silence;
        }
    }

    private static async Task<List<Silo>> ReadActiveAsync(DbConnection connection, string cluster, CancellationToken cancellation)
    {
        DbCommand command = connection.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            command.CommandText = "SELECT Address, Port, Generation, IAmAliveTime FROM OrleansMembershipTable WHERE DeploymentId = @cluster AND Status = @active;";
            Add(command, "cluster", cluster);
            Add(command, "active", Active);
            var silos = new List<Silo>();
            DbDataReader reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                {
                    DateTime signed = reader.GetDateTime(3);
                    silos.Add(new Silo(reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2), signed.Kind == DateTimeKind.Local ? signed.ToUniversalTime() : signed));
                }
            }

            return silos;
        }
    }

    private static async Task DeclareDeadAsync(DbConnection connection, string cluster, Silo silo, CancellationToken cancellation)
    {
        DbTransaction transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            DbCommand command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                command.Transaction = transaction;
                command.CommandText = """
                    UPDATE OrleansMembershipVersionTable SET Version = Version + 1 WHERE DeploymentId = @cluster;
                    UPDATE OrleansMembershipTable SET Status = @dead
                        WHERE DeploymentId = @cluster AND Address = @address AND Port = @port AND Generation = @generation AND Status = @active;
                    """;
                Add(command, "cluster", cluster);
                Add(command, "dead", Dead);
                Add(command, "active", Active);
                Add(command, "address", silo.Address);
                Add(command, "port", silo.Port);
                Add(command, "generation", silo.Generation);
                await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static void Add(DbCommand command, string name, object value)
    {
        DbParameter parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
    }
}
