using System.Globalization;

namespace Lattice.AppHost;

/// <summary>The PostgreSQL database that keeps Orleans membership.</summary>
/// <param name="Server">Name of the server's resource.</param>
/// <param name="Name">Name of the database, and of its resource.</param>
/// <param name="User">Who the nodes log in as.</param>
/// <param name="Port">Port of the server on loopback. It is fixed, because it stands in the nodes' files before the server is there.</param>
internal sealed record DatabaseModel(string Server, string Name, string User, int Port)
{
    /// <summary>Environment variable that the nodes' database driver takes the password from, so that it stands in no file.</summary>
    public const string PasswordVariable = "PGPASSWORD";

    /// <summary>The database of a cluster on loopback, apart from a server at PostgreSQL's usual port.</summary>
    public static DatabaseModel OnLoopback { get; } = new("postgres", "membership", "postgres", 15432);

    /// <summary>Connection string, without the password.</summary>
    public string Connection => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Database={Name};Username={User}");
}
