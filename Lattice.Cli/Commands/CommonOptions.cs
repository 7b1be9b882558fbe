using System.CommandLine;

namespace Lattice.Cli.Commands;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    /// <summary><c>--config FILE</c>.</summary>
    public static Option<string?> Config() => new("--config") { Description = "A node's configuration file; says where the cluster is", HelpName = "FILE" };

    /// <summary><c>--token-file FILE</c>, of every command.</summary>
    public static Option<string?> TokenFile { get; } = new("--token-file") { Description = "File with the token to show, if the cluster asks for one; also LATTICE_TOKEN", HelpName = "FILE", Recursive = true };

    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print JSON" };

    /// <summary><c>--timeout SECONDS</c>.</summary>
    public static Option<double> Timeout()
    {
        var option = new Option<double>("--timeout") { Description = "Seconds to wait for an answer", HelpName = "SECONDS", DefaultValueFactory = _ => 10 };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 3600))
            {
                result.AddError("--timeout has to be more than 0 and at most 3600 seconds.");
            }
        });
        return option;
    }

    /// <summary>A node id.</summary>
    public static Argument<T> Node<T>(string description)
    {
        var argument = new Argument<T>("N") { Description = description };
        argument.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(int.TryParse(result.Tokens[0].Value, System.Globalization.CultureInfo.InvariantCulture, out int node) && node > 0))
            {
                result.AddError($"A node id is a whole number from 1, not '{result.Tokens[0].Value}'.");
            }
        });
        return argument;
    }
}
