using System.CommandLine;
using Lattice.Bench.Load;
using Lattice.Bench.Peers.DotNextRaft;
using Lattice.Bench.Peers.GrainStorage;

namespace Lattice.Bench;

/// <summary>What this program starts of itself as processes of their own.</summary>
internal static class HiddenCommands
{
    /// <summary>A process of clients.</summary>
    public static Command Load()
    {
        var peer = new Argument<string>("peer");
        var address = new Argument<string>("address");
        var work = new Argument<string>("work");
        var measured = new Argument<int>("measured-ms");
        var warmUp = new Argument<int>("warm-up-ms");
        var first = new Argument<int>("first-client");
        var command = new Command("load") { peer, address, work, measured, warmUp, first };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => ClientProcesses.WorkAsync(
            parsed.GetValue(peer)!,
            parsed.GetValue(address)!,
            Work.All.First(w => w.Name == parsed.GetValue(work)),
            new RoundTime(TimeSpan.FromMilliseconds(parsed.GetValue(measured)), TimeSpan.FromMilliseconds(parsed.GetValue(warmUp))),
            parsed.GetValue(first),
            cancellation));
        return command;
    }

    /// <summary>The silo of the grain storage peers.</summary>
    public static Command Silo()
    {
        var database = new Argument<string>("database");
        var connection = new Argument<string>("connection");
        var silo = new Argument<int>("silo-port");
        var gateway = new Argument<int>("gateway-port");
        var command = new Command("silo") { database, connection, silo, gateway };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => GrainStorageSilo.RunAsync(parsed.GetValue(database)!, parsed.GetValue(connection)!, parsed.GetValue(silo), parsed.GetValue(gateway), cancellation));
        return command;
    }

    /// <summary>A node of the DotNext peers.</summary>
    public static Command DotNext()
    {
        var node = new Argument<int>("node");
        var peer = new Argument<string>("peer");
        var folder = new Argument<string>("folder");
        var ports = new Argument<string>("ports");
        var command = new Command("dotnext") { node, peer, folder, ports };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => DotNextNode.RunAsync(parsed.GetValue(node), parsed.GetValue(peer) == DotNextPeer.Synced, parsed.GetValue(folder)!, NodePorts.Parse(parsed.GetValue(ports)!), cancellation));
        return command;
    }
}
