using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lattice.Cli.Cluster;
using Lattice.Grains.Access;
using Lattice.Silo.Configuration;
using Lattice.Silo.Security;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice token create | list | revoke</c>: who may do what. Works on the tokens file of this machine; no cluster is asked.</summary>
internal static class TokenCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell) => new("token", "Makes, shows and revokes the tokens that clients of a secured cluster show.")
    {
        CreateCreate(shell),
        CreateList(shell),
        CreateRevoke(shell),
    };

    private static Command CreateCreate(Shell shell)
    {
        Argument<string> name = Name();
        var role = new Option<string>("--role") { Description = "read, write (includes read) or admin (includes both)", Required = true };
        role.AcceptOnlyFromAmong("read", "write", "admin");
        var expires = new Option<string?>("--expires") { Description = "When its time is over: 90d, 12h, or a moment as 2027-01-31 or 2027-01-31T12:00Z", HelpName = "WHEN" };
        expires.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && TokenExpiry.Parse(token.Value, DateTimeOffset.UtcNow) is null)
            {
                result.AddError($"--expires {token.Value} is neither a time from now (90d, 12h) nor a moment to come (2027-01-31, 2027-01-31T12:00Z).");
            }
        });
        Option<string?> config = CommonOptions.Config();
        var command = new Command("create", "Makes a token and prints it, this once. It holds at once, without a restart.") { name, role, expires, config };
        command.SetAction(async (parsed, _) =>
        {
            DateTimeOffset now = DateTimeOffset.UtcNow;
            TokenFile file = Find(shell, parsed.GetValue(config));
            DateTimeOffset? end = parsed.GetValue(expires) is { } given ? TokenExpiry.Parse(given, now) : null;
            string token = file.Create(parsed.GetRequiredValue(name), Enum.Parse<LatticeRole>(parsed.GetRequiredValue(role), ignoreCase: true), end, now);
            await shell.Out.WriteLineAsync(token).ConfigureAwait(false);
            await shell.Error.WriteLineAsync($"Keep it: it is shown this once, and {file.Path} has only its hash. Where nodes run on several hosts, copy that file to each. Commands take the token from {OperatorToken.Variable} or --token-file.").ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command CreateList(Shell shell)
    {
        Option<string?> config = CommonOptions.Config();
        Option<bool> json = CommonOptions.Json();
        var command = new Command("list", "Shows which tokens there are; not the tokens themselves, which nobody knows any more.") { config, json };
        command.SetAction(async (parsed, _) =>
        {
            IReadOnlyList<TokenRecord> tokens = Find(shell, parsed.GetValue(config)).Read();
            DateTimeOffset now = DateTimeOffset.UtcNow;
            if (parsed.GetValue(json))
            {
                TokensOutput output = new([.. tokens.Select(t => new TokenOutput(t.Name, Word(t.Role), State(t, now), t.CreatedAt, t.ExpiresAt, t.RevokedAt))]);
                await shell.Out.WriteLineAsync(JsonSerializer.Serialize(output, CliJson.Indented.TokensOutput)).ConfigureAwait(false);
                return ExitCodes.Success;
            }

            foreach (TokenRecord token in tokens)
            {
                string end = token.RevokedAt is { } revoked ? $"revoked {Day(revoked)}" : token.ExpiresAt is { } expires ? $"{(expires <= now ? "expired" : "expires")} {Day(expires)}" : "";
                await shell.Out.WriteLineAsync($"{token.Name,-24} {Word(token.Role),-6} created {Day(token.CreatedAt)}  {end}".TrimEnd()).ConfigureAwait(false);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static Command CreateRevoke(Shell shell)
    {
        Argument<string> name = Name();
        Option<string?> config = CommonOptions.Config();
        var command = new Command("revoke", "Has a token let nobody in any more. It holds within a second, without a restart.") { name, config };
        command.SetAction(async (parsed, _) =>
        {
            TokenFile file = Find(shell, parsed.GetValue(config));
            bool was = file.Revoke(parsed.GetRequiredValue(name), DateTimeOffset.UtcNow);
            await shell.Out.WriteLineAsync(was ? $"The token '{parsed.GetValue(name)}' is revoked. Where nodes run on several hosts, copy {file.Path} to each." : $"The token '{parsed.GetValue(name)}' was revoked before.").ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Argument<string> Name() => new("NAME") { Description = "What the token is called; stands in logs and audit" };

    private static TokenFile Find(Shell shell, string? config)
    {
        (string path, LatticePaths paths) = ClusterLocator.Of(shell).FindFile(config);
        SettingsResult loaded = SettingsFile.Load(path, node: null, paths);
        return loaded.Settings is not { } settings
            ? throw new CommandFailedException(ExitCodes.Negative, $"The configuration '{path}' has mistakes, so the tokens file is not known; nothing was changed. Correct them:\n{string.Join('\n', loaded.Errors)}")
            : settings.Security.TokensFile is { Length: > 0 } file
                ? new TokenFile(file)
                : throw new CommandFailedException(ExitCodes.Negative, $"The configuration '{path}' names no tokens file, so clients need no token; nothing was changed. Set tokens_file and cluster_secret_file in [security] of all nodes, for example tokens_file = \"{Path.Combine(paths.ConfigurationDirectory, "tokens.json")}\", and restart them.");
    }

    private static string State(TokenRecord token, DateTimeOffset now) => token.RefusalAt(now) switch
    {
        AccessRefusal.TokenRevoked => "revoked",
        AccessRefusal.TokenExpired => "expired",
        _ => "valid",
    };

    private static string Word(LatticeRole role) => role.ToString().ToLowerInvariant();

    private static string Day(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + "Z";
}

/// <summary>What <c>token list --json</c> prints.</summary>
internal sealed record TokensOutput(IReadOnlyList<TokenOutput> Tokens);

/// <summary>One of them.</summary>
internal sealed record TokenOutput(string Name, string Role, string State, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);
