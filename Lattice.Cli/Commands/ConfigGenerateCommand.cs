using System.CommandLine;
using Lattice.Cli.Configuration;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice config generate N PATH</c>: a commented file with every key and its default.</summary>
internal static class ConfigGenerateCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node");
        var path = new Argument<string>("PATH") { Description = "File to write" };
        var peers = new Option<string[]>("--peer") { Description = "A node of the cluster, ID=HOST:PORT; once for each. Default: those of a nodeK.toml in the same folder, else 1 to 3 on 127.0.0.1:5001 to 5003", HelpName = "ID=HOST:PORT" };
        var membership = new Option<string?>("--membership") { Description = "sqlite, or postgresql[=CONNECTION]", HelpName = "PROVIDER" };
        var force = new Option<bool>("--force") { Description = "Replace a file that is already there" };
        peers.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => PeerArgument.Parse(t.Value) is null))
            {
                result.AddError($"--peer {token.Value} is not ID=HOST:PORT; an example is --peer 1=10.0.1.11:5001.");
            }
        });
        membership.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !MembershipArgument.IsValid(token.Value))
            {
                result.AddError($"--membership {token.Value} is not known: use sqlite, or postgresql=CONNECTION.");
            }
        });
        var command = new Command("generate", "Writes a commented configuration file with every key and its default.") { node, path, peers, membership, force };
        command.SetAction((parsed, _) => Task.FromResult(Run(
            shell,
            parsed.GetValue(node),
            parsed.GetRequiredValue(path),
            [.. (parsed.GetValue(peers) ?? []).Select(p => PeerArgument.Parse(p)!)],
            MembershipArgument.Parse(parsed.GetValue(membership)),
            parsed.GetValue(force))));
        return command;
    }

    private static int Run(Shell shell, int node, string path, IReadOnlyList<PeerSettings> given, MembershipSettings? membership, bool force)
    {
        if (given.Count > 0 && given.All(p => p.Id != node))
        {
            throw new CommandFailedException(ExitCodes.Usage, $"Node {node} is not among the peers given by --peer ({string.Join(", ", given.Select(p => p.Id))}), so nothing was written. Add --peer {node}=HOST:PORT.");
        }

        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? throw new CommandFailedException(ExitCodes.Usage, $"'{path}' is a folder. Give the file to write, for example {Path.Combine(path, $"node{node}.toml")}.");
        IReadOnlyList<PeerSettings> peers = given.Count > 0 ? given : PeerDefaults.For(node, full, shell.Paths);
        string text = SettingsTemplate.Generate(node, peers, membership, shell.Paths);
        if (SettingsFile.Parse(text, path, node, shell.Paths) is { Errors: [_, ..] errors })
        {
            throw new CommandFailedException(ExitCodes.Negative, $"The file would not be valid, so nothing was written. Change --peer or --membership:\n{string.Join('\n', errors)}");
        }

        Directory.CreateDirectory(folder);
        try
        {
            using var file = new StreamWriter(new FileStream(full, force ? FileMode.Create : FileMode.CreateNew, FileAccess.Write));
            file.Write(text);
        }
        catch (IOException) when (!force && File.Exists(full))
        {
            throw new CommandFailedException(ExitCodes.Negative, $"'{path}' exists and was left as it is. Use --force to replace it, or another path.");
        }

        shell.Out.WriteLine($"Wrote {path}: node {node} of {peers.Count} ({string.Join(", ", peers.Select(p => $"{p.Id} at {p.Address}"))}).");
        return ExitCodes.Success;
    }
}
