using System.CommandLine;
using System.Diagnostics;
using System.Net.Sockets;
using Lattice.Cli.Cluster;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Commands;

/// <summary><c>lattice stop N</c>: asks a node to stop as on SIGTERM, and waits until it no longer listens.</summary>
internal static class StopCommand
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Makes the command.</summary>
    public static Command Create(Shell shell)
    {
        Argument<int> node = CommonOptions.Node<int>("Id of the node");
        Option<string?> config = CommonOptions.Config();
        Option<double> timeout = CommonOptions.Timeout();
        var command = new Command("stop", "Asks a node to stop and waits until it has.") { node, config, timeout };
        command.SetAction((parsed, cancellation) =>
            RunAsync(shell, ClusterLocator.Of(shell).Locate(parsed.GetValue(config)), parsed.GetValue(node), TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Shell shell, ClusterLocation location, int node, TimeSpan timeout, CancellationToken cancellation)
    {
        MemberLocation member = location.Members.FirstOrDefault(m => m.Id == node)
            ?? throw new CommandFailedException(ExitCodes.Usage, $"Cluster '{location.Name}' has no node {node}; '{location.Source}' lists {string.Join(", ", location.Members.Select(m => m.Id))}. Nothing was stopped.");
        if (!await IsListeningAsync(member, cancellation).ConfigureAwait(false))
        {
            await shell.Out.WriteLineAsync($"Node {node} is not running.").ConfigureAwait(false);
            return ExitCodes.Success;
        }

        long began = Stopwatch.GetTimestamp();
        if (!await AskAsync(location, node, timeout, cancellation).ConfigureAwait(false))
        {
            throw new CommandFailedException(ExitCodes.Unavailable, $"Node {node} accepts connections at {member.Address} but could not be told to stop: it may be hanging, or not have joined the cluster yet. Try again, or send SIGTERM to its process.");
        }

        while (await IsListeningAsync(member, cancellation).ConfigureAwait(false))
        {
            if (Stopwatch.GetElapsedTime(began) > timeout)
            {
                throw new CommandFailedException(ExitCodes.Unavailable, $"Node {node} was told to stop and still listens at {member.Address} after {timeout.TotalSeconds:0.#} s. See its log; as a last resort end its process with SIGKILL, nothing acknowledged is lost by that.");
            }

            await Task.Delay(PollInterval, cancellation).ConfigureAwait(false);
        }

        await shell.Out.WriteLineAsync($"Node {node} has stopped.").ConfigureAwait(false);
        return ExitCodes.Success;
    }

    private static async Task<bool> AskAsync(ClusterLocation location, int node, TimeSpan timeout, CancellationToken cancellation)
    {
        ClusterConnection connection = await ClusterConnection.OpenAsync(location, timeout, cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            return await connection.Client.StopNodeAsync(node, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task<bool> IsListeningAsync(MemberLocation member, CancellationToken cancellation)
    {
        (string host, int port) = HostPort.Parse(member.Address);
        using var socket = new TcpClient();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            await socket.ConnectAsync(host, port, deadline.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
