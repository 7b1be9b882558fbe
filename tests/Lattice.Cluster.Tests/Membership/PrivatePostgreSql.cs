using System.Diagnostics;
using Lattice.Cluster.Tests.Harness;
using Npgsql;

namespace Lattice.Cluster.Tests.Membership;

/// <summary>A PostgreSQL server of the tests' own, from the binaries that are installed on this machine, in a temporary folder.</summary>
public sealed class PrivatePostgreSql : IDisposable
{
    private const string Required = "LATTICE_REQUIRE_POSTGRES";

    // PostgreSQL does not run as root.
    private const string ServerUser = "postgres";

    private readonly string? folder;
    private readonly string? binaries;
    private readonly int port;

    public PrivatePostgreSql()
    {
        binaries = FindBinaries();
        if (binaries is null)
        {
            Missing = "PostgreSQL is not installed below /usr/lib/postgresql.";
            return;
        }

        folder = Directory.CreateTempSubdirectory("lattice-postgres-").FullName;
        port = Ports.Free();
        if (Environment.UserName == "root")
        {
            Run("chown", ServerUser, folder);
        }

        RunAsServer("initdb", "-D", Data, "-U", "lattice", "-A", "trust", "--no-sync", "-E", "UTF8");
        Start();
    }

    /// <summary>Why there is no server; null when there is one.</summary>
    public string? Missing { get; }

    /// <summary>Connection string of a new, empty database; skips the test when there is no server, unless it has to be there.</summary>
    public string NewDatabase()
    {
        if (Missing is not null && Environment.GetEnvironmentVariable(Required) == "1")
        {
            Assert.Fail($"{Missing} {Required}=1 says that it has to be.");
        }

        Skip.If(Missing is not null, Missing);
        string name = $"t{Guid.NewGuid():N}";
        using var connection = new NpgsqlConnection(Connection("postgres"));
        connection.Open();
        using NpgsqlCommand create = connection.CreateCommand();
#pragma warning disable CA2100 // A name made above.
        create.CommandText = $"CREATE DATABASE {name}";
#pragma warning restore CA2100
        create.ExecuteNonQuery();
        return Connection(name);
    }

    public void Start() => RunAsServer("pg_ctl", "-D", Data, "-w", "-s", "-l", Path.Combine(folder!, "log"), "-o", $"-p {port} -k {folder} -h 127.0.0.1 -F", "start");

    public void Stop() => RunAsServer("pg_ctl", "-D", Data, "-w", "-s", "-m", "immediate", "stop");

    public void Dispose()
    {
        if (folder is not null)
        {
            NpgsqlConnection.ClearAllPools();
            Stop();
            Directory.Delete(folder, recursive: true);
        }
    }

    private string Data => Path.Combine(folder!, "data");

    private string Connection(string database) => $"Host=127.0.0.1;Port={port};Database={database};Username=lattice";

    private static string? FindBinaries()
    {
        const string root = "/usr/lib/postgresql";
        return !Directory.Exists(root)
            ? null
            : Directory.GetDirectories(root).Select(version => Path.Combine(version, "bin")).LastOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")));
    }

    private void RunAsServer(string program, params string[] arguments)
    {
        string path = Path.Combine(binaries!, program);
        if (Environment.UserName == "root")
        {
            Run("runuser", ["-u", ServerUser, "--", path, .. arguments]);
        }
        else
        {
            Run(path, arguments);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = Path.GetTempPath() };
        using Process process = Process.Start(start)!;
        // A server that pg_ctl leaves behind must not keep the test waiting for the end of its output.
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition(Name)]
public sealed class PostgreSqlTests : ICollectionFixture<PrivatePostgreSql>
{
    public const string Name = "PostgreSQL";
}
