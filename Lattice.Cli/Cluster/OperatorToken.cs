using Lattice.Silo.Configuration;

namespace Lattice.Cli.Cluster;

/// <summary>The token that commands show: of the file given by <c>--token-file</c>, of the environment variable <c>LATTICE_TOKEN</c>, or of the file that the configuration names; the first that there is.</summary>
internal static class OperatorToken
{
    /// <summary>Environment variable that holds a token.</summary>
    public const string Variable = "LATTICE_TOKEN";

    /// <summary>The token.</summary>
    /// <param name="file">Value of <c>--token-file</c>; null: not given.</param>
    /// <param name="security">The configuration.</param>
    /// <returns>The token; null: there is none to show.</returns>
    /// <exception cref="CommandFailedException">The file cannot be read.</exception>
    public static string? Find(string? file, SecuritySettings security) =>
        file is { Length: > 0 } ? Read(file, "--token-file")
        : Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given.Trim()
        : security.OperatorTokenFile.Length > 0 ? Read(security.OperatorTokenFile, "[security] operator_token_file")
        : null;

    private static string Read(string file, string givenBy)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string why = e is FileNotFoundException or DirectoryNotFoundException ? "does not exist" : "cannot be read by this user";
            throw new CommandFailedException(ExitCodes.NotPermitted, $"The token file '{file}' given by {givenBy} {why}, so nothing was asked of the cluster. Run the command as a user that may read it, name another file with --token-file, or set {Variable}.", e);
        }
    }
}
