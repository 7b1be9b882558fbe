using System.Diagnostics;
using System.Globalization;

namespace Lattice.Bench.Peers.GrainStorage;

/// <summary>Orleans grain storage on one Redis that syncs each write, or on one PostgreSQL: durable, but one copy on one machine.</summary>
internal sealed class GrainStoragePeer(string name, string folder) : IPeer
{
    public const string Redis = "orleans-redis";
    public const string PostgreSql = "orleans-postgresql";

    private const int SiloNumber = 0;
    private const int DatabaseNumber = 1;

    private readonly LocalProcesses processes = new();
    private readonly int[] ports = LocalProcesses.FreePorts(3);
    private PostgreSqlServer? postgres;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Description => name == Redis
        ? "not replicated: one silo, one Redis with appendonly and appendfsync always"
        : "not replicated: one silo, one PostgreSQL with its defaults (fsync on, synchronous_commit on)";

    /// <inheritdoc/>
    public string Address => ports[1].ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        string connection = name == Redis ? StartRedis() : StartPostgreSql();

        // This program once more, as the silo.
        processes.Start(SiloNumber, OwnProcess.Start("silo", name, connection, Port(0), Port(1)), "");
        await Patience.UntilAsync($"The first write of {name}", async () =>
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(TimeSpan.FromSeconds(5));
            GrainStorageClient client = await GrainStorageClient.ConnectAsync(Address, patience.Token).ConfigureAwait(false);
            await using (client.ConfigureAwait(false))
            {
                await client.WriteAsync("ready"u8.ToArray(), "yes"u8.ToArray(), cancellation).ConfigureAwait(false);
            }

            return "";
        }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await processes.DisposeAsync().ConfigureAwait(false);
        postgres?.Dispose();
    }

    private string Port(int number) => ports[number].ToString(CultureInfo.InvariantCulture);

    private string StartRedis()
    {
        processes.Start(DatabaseNumber, new ProcessStartInfo("redis-server",
        [
            "--port", Port(2), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
        ]), "Install the Debian package redis-server.");
        return $"127.0.0.1:{Port(2)}";
    }

    private string StartPostgreSql()
    {
        postgres = new PostgreSqlServer(Path.Combine(folder, "postgresql"), ports[2]);
        postgres.CreateTables();
        return postgres.Connection;
    }
}
