using Lattice.Silo.Configuration;

namespace Lattice.Cli.Configuration;

/// <summary><c>sqlite</c> or <c>postgresql[=CONNECTION]</c>.</summary>
internal static class MembershipArgument
{
    // Nothing secret can be guessed: the database of that name on this host, as the user that runs the node.
    private const string DefaultPostgreSql = "Host=127.0.0.1;Database=lattice;Username=lattice";

    /// <summary>The setting, or null for the default.</summary>
    /// <exception cref="FormatException">The text is neither.</exception>
    public static MembershipSettings? Parse(string? text)
    {
        if (text is null or "sqlite")
        {
            return null;
        }

        int equals = text.IndexOf('=', StringComparison.Ordinal);
        (string provider, string connection) = equals < 0 ? (text, DefaultPostgreSql) : (text[..equals], text[(equals + 1)..]);
        return provider is "postgresql" && connection.Length > 0
            ? new MembershipSettings(MembershipProvider.PostgreSql, connection)
            : throw new FormatException($"--membership {text} is not known: use sqlite, or postgresql=CONNECTION.");
    }

    /// <summary>Whether <see cref="Parse"/> takes it.</summary>
    public static bool IsValid(string text) => text is "sqlite" or "postgresql" || (text.StartsWith("postgresql=", StringComparison.Ordinal) && text.Length > "postgresql=".Length);
}
