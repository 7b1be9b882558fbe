using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lattice.Cli.Cluster;
using Lattice.Client;
using Lattice.Grains;

namespace Lattice.Cli.Commands.Admin;

/// <summary><c>lattice admin trace [N|all]</c>: what happened on a node, or on all of them, lately and in causal order.</summary>
internal static class TraceCommand
{
    private const string All = "all";
    private const int DefaultEvents = 200;
    private const int MostEvents = 16_384;

    // A node that lives answers within milliseconds; a dead one must not keep the others' story back.
    private const int NodeTimeoutMs = 500;

    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        var node = new Argument<string>("N") { Description = "Id of the node, or 'all': one story of all that answer", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => All };
        node.Validators.Add(result =>
        {
            string given = result.GetValueOrDefault<string>();
            if (given != All && !TryNode(given, out _))
            {
                result.AddError($"A node id is a whole number from 1, or 'all', not '{given}'.");
            }
        });
        var group = new Option<uint?>("--group") { Description = "Only what happened in this group, and to nodes as a whole", HelpName = "G" };
        var last = new Option<int>("--last") { Description = $"How many events: the newest, at most {MostEvents}", HelpName = "COUNT", DefaultValueFactory = _ => DefaultEvents };
        last.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (> 0 and <= MostEvents))
            {
                result.AddError($"--last has to be from 1 to {MostEvents}.");
            }
        });
        Option<bool> json = CommonOptions.Json();
        Option<string?> config = CommonOptions.Config();
        Option<double> timeout = CommonOptions.Timeout();
        var command = new Command("trace", "Shows what happened lately, each event after everything that could have caused it.") { node, group, last, json, config, timeout };
        command.SetAction(async (parsed, cancellation) =>
        {
            ClusterLocation location = ClusterLocator.Of(shell).Locate(parsed.GetValue(config));
            int? only = TryNode(parsed.GetValue(node), out int id) ? id : null;
            TraceStory story = await AskAsync(location, only, parsed.GetValue(group), parsed.GetValue(last), TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellation).ConfigureAwait(false);
            if (only is not null && !story.Nodes[0].Reachable)
            {
                throw new CommandFailedException(ExitCodes.Unavailable, $"Node {only} did not answer, so what happened there is not known. 'lattice status' shows which nodes run; 'lattice admin trace all' shows what the others saw of it.");
            }

            await WriteAsync(shell, story, parsed.GetValue(json)).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task<TraceStory> AskAsync(ClusterLocation location, int? node, uint? group, int last, TimeSpan timeout, CancellationToken cancellation)
    {
        ClusterConnection connection = await ClusterConnection.OpenAsync(location, timeout, cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                return await connection.Client.TraceAsync(node, group, last, NodeTimeoutMs, cancellation).ConfigureAwait(false);
            }
            catch (LatticeUnavailableException e)
            {
                throw new CommandFailedException(ExitCodes.Unavailable, ClusterConnection.NothingReachable(location), e);
            }
        }
    }

    private static async Task WriteAsync(Shell shell, TraceStory story, bool json)
    {
        await shell.Out.WriteAsync(json ? JsonSerializer.Serialize(TraceReport.Of(story), CliJson.Indented.TraceReport) + Environment.NewLine : TraceReport.Text(story)).ConfigureAwait(false);
        foreach (TracedNode silent in story.Nodes.Where(n => !n.Reachable))
        {
            await shell.Error.WriteLineAsync($"lattice: Node {silent.Node} did not answer: what only it knows is missing here.").ConfigureAwait(false);
        }
    }

    private static bool TryNode(string? given, out int node) => int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out node) && node > 0;
}
