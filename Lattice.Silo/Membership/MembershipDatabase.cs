using System.Data.Common;
using System.Reflection;
using Lattice.Silo.Configuration;
using Lattice.Silo.Hosting;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Lattice.Silo.Membership;

/// <summary>The database of Orleans membership and of its grains' state: makes its tables when they are missing. Several nodes may do so at once.</summary>
public static class MembershipDatabase
{
    // Any number that only this script uses: serialises nodes that start at the same time.
    private const long SetUpLock = 0x6C61747469636500;

    private const int SqliteError = 1;
    private const int SqliteCannotOpen = 14;

    /// <summary>The name under which Orleans knows the provider. Orleans loads Microsoft.Data.Sqlite under the first one.</summary>
    public static string Invariant(MembershipProvider provider) => provider == MembershipProvider.Sqlite ? "System.Data.SQLite" : "Npgsql";

    /// <summary>Makes the tables and stored queries that Orleans needs, where they are missing, and takes silos out that are gone.</summary>
    /// <exception cref="MembershipDatabaseException">The database cannot be reached or refuses.</exception>
    public static async Task PrepareAsync(NodeSettings node, CancellationToken cancellation)
    {
        MembershipSettings settings = node.Membership;
        try
        {
            await SetUpAsync(settings, cancellation).ConfigureAwait(false);
            await StaleSilos.DeclareDeadAsync(node, OrleansWiring.SilenceOfTheGone, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DbException or IOException or ArgumentException or System.Net.Sockets.SocketException or TimeoutException or UnauthorizedAccessException)
        {
            string what = settings.Provider == MembershipProvider.Sqlite ? "SQLite file" : "PostgreSQL database";
            throw new MembershipDatabaseException($"The membership database ({what}) cannot be used: {e.Message} A node needs it to start; nodes that run go on without it. Check [membership] connection, that the database is up, and that this user may create tables in it.", e);
        }
    }

    /// <summary>Makes what is missing.</summary>
    internal static Task SetUpAsync(MembershipSettings settings, CancellationToken cancellation) => settings.Provider == MembershipProvider.Sqlite
        ? SetUpSqliteAsync(settings.Connection, cancellation)
        : SetUpPostgreSqlAsync(settings.Connection, cancellation);

    /// <summary>
    /// The connection string of running silos. They must not make an empty file where the database used to be, nor go on in
    /// one that was deleted because a pooled connection still has it open.
    /// </summary>
    internal static string RunningConnection(MembershipSettings settings) => settings.Provider == MembershipProvider.Sqlite
        ? new SqliteConnectionStringBuilder(settings.Connection) { Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString()
        : settings.Connection;

    /// <summary>Whether an access failed because the tables, or the file, are not there: not because the database cannot be reached.</summary>
    internal static bool IsMissing(Exception e) => e switch
    {
        SqliteException { SqliteErrorCode: SqliteCannotOpen } => true,
        SqliteException { SqliteErrorCode: SqliteError } => e.Message.Contains("no such table", StringComparison.Ordinal),
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable } => true,
        _ => false,
    };

    /// <summary>An open connection that ends when it is disposed.</summary>
    internal static async Task<DbConnection> OpenAsync(MembershipSettings settings, CancellationToken cancellation)
    {
        DbConnection connection = settings.Provider == MembershipProvider.Sqlite
            ? new SqliteConnection(RunningConnection(settings))
            : new NpgsqlConnection(new NpgsqlConnectionStringBuilder(settings.Connection) { Pooling = false }.ToString());
        try
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A transaction beside which no other one of this kind runs.</summary>
    internal static async Task<DbTransaction> BeginAloneAsync(DbConnection connection, CancellationToken cancellation)
    {
        // SQLite's takes the file's write lock at once.
        DbTransaction transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        if (connection is NpgsqlConnection)
        {
            await RunAsync(connection, $"SELECT pg_advisory_xact_lock({SetUpLock});", cancellation).ConfigureAwait(false);
        }

        return transaction;
    }

    private static async Task SetUpSqliteAsync(string connectionString, CancellationToken cancellation)
    {
        if (Path.GetDirectoryName(new SqliteConnectionStringBuilder(connectionString).DataSource) is { Length: > 0 } directory)
        {
            Directory.CreateDirectory(directory);
        }

        var connection = new SqliteConnection(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ToString());
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);

            // With a write-ahead log readers and a writer do not wait for each other. The mode is kept in the file.
            await RunAsync(connection, "PRAGMA journal_mode = WAL;", cancellation).ConfigureAwait(false);
            await RunAsync(connection, $"BEGIN IMMEDIATE;\n{Script("sqlite.sql")}\n{Script("sqlite-storage.sql")}\nCOMMIT;", cancellation).ConfigureAwait(false);
        }
    }

    private static async Task SetUpPostgreSqlAsync(string connectionString, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(connectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            DbTransaction transaction = await BeginAloneAsync(connection, cancellation).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await RunAsync(connection, $"{Script("postgresql.sql")}\n{Script("postgresql-storage.sql")}", cancellation).ConfigureAwait(false);
                await transaction.CommitAsync(cancellation).ConfigureAwait(false);
            }
        }
    }

    private static async Task RunAsync(DbConnection connection, string text, CancellationToken cancellation)
    {
        DbCommand command = connection.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
#pragma warning disable CA2100 // The text is a resource of this assembly.
            command.CommandText = text;
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static string Script(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Lattice.Silo.Membership.{name}")
            ?? throw new InvalidOperationException($"The script {name} is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>The membership database cannot be used.</summary>
public sealed class MembershipDatabaseException(string message, Exception inner) : Exception(message, inner);
