using System.Diagnostics;
using System.Reflection;
using Npgsql;

namespace Lattice.Bench.Peers.GrainStorage;

/// <summary>A PostgreSQL server of the benchmark's own, from the binaries that are installed on this machine.</summary>
internal sealed class PostgreSqlServer : IDisposable
{
    private const string Root = "/usr/lib/postgresql";

    // PostgreSQL does not run as root.
    private const string ServerUser = "postgres";

    private readonly string data;
    private readonly string binaries;

    /// <summary>Starts it.</summary>
    public PostgreSqlServer(string folder, int port)
    {
        binaries = Directory.Exists(Root) ? Directory.GetDirectories(Root).Select(version => Path.Combine(version, "bin")).Last() : throw new InvalidOperationException("PostgreSQL is not installed: install the Debian package postgresql.");
        data = Path.Combine(folder, "data");
        Connection = $"Host=127.0.0.1;Port={port};Database=postgres;Username=bench;Maximum Pool Size=100";
        Directory.CreateDirectory(folder);
        if (Environment.UserName == "root")
        {
            // The folders above are the benchmark's, and closed to others.
            Run("chmod", "o+x", Path.GetFullPath(Path.Combine(folder, "../..")), Path.GetFullPath(Path.Combine(folder, "..")));
            Run("chown", ServerUser, folder);
        }

        RunAsServer("initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8");
        RunAsServer("pg_ctl", "-D", data, "-w", "-s", "-l", Path.Combine(folder, "log"), "-o", $"-p {port} -k {folder} -h 127.0.0.1", "start");
    }

    /// <summary>Connection string of the database.</summary>
    public string Connection { get; }

    /// <summary>Makes the tables of Orleans' grain storage.</summary>
    public void CreateTables()
    {
        using var connection = new NpgsqlConnection(Connection);
        connection.Open();
        using NpgsqlCommand tables = connection.CreateCommand();
#pragma warning disable CA2100 // The scripts are part of this program.
        tables.CommandText = $"{Script("postgresql.sql")}\n{Script("postgresql-storage.sql")}";
#pragma warning restore CA2100
        tables.ExecuteNonQuery();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        RunAsServer("pg_ctl", "-D", data, "-w", "-s", "-m", "fast", "stop");
    }

    private static string Script(string name)
    {
        using Stream script = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(script);
        return reader.ReadToEnd();
    }

    private void RunAsServer(string program, params string[] arguments)
    {
        string path = Path.Combine(binaries, program);
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
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"'{program}' could not be started.");

        // A server that pg_ctl leaves behind keeps its output open: only the process is waited for.
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' ended with {process.ExitCode}.");
        }
    }
}
