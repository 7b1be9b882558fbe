using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Lattice.Client;
using Lattice.Cluster.Tests.Harness;
using Lattice.Silo;
using Lattice.Silo.Configuration;

namespace Lattice.Cluster.Tests.Cluster;

/// <summary>A node as a process has it: how it starts, refuses to, and stops.</summary>
public sealed class ServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task It_says_whether_it_is_alive_and_ready_and_stops_when_asked()
    {
        await using var cluster = new TestCluster(nodes: 1);
        NodeSettings settings = cluster.Settings(1);
        using var stop = new CancellationTokenSource();
        var errors = new StringWriter();
        Task<int> running = LatticeServer.RunAsync(settings, errors, stop.Token);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{settings.MetricsAddress}") };

        await Eventually.Holds(() => AskAsync(http, "/health/live"), status => status == HttpStatusCode.OK, Patience, "the node is alive");
        await Eventually.Holds(() => AskAsync(http, "/health/ready"), status => status == HttpStatusCode.OK, Patience, "the node is ready");
        long asked = Stopwatch.GetTimestamp();
        await stop.CancelAsync();

        Assert.Equal(LatticeServer.Stopped, await running);
        Assert.True(Stopwatch.GetElapsedTime(asked) < TimeSpan.FromSeconds(5));
        Assert.Empty(errors.ToString());
    }

    [Fact]
    public async Task A_node_is_stopped_by_a_client()
    {
        await using var cluster = new TestCluster(nodes: 1);
        Task<int> running = LatticeServer.RunAsync(cluster.Settings(1), TextWriter.Null, CancellationToken.None);
        await using (LatticeClient client = await ConnectAsync(cluster))
        {
            Assert.True(await client.StopNodeAsync(1));
        }

        Assert.Equal(LatticeServer.Stopped, await running.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_port_that_is_in_use_is_named_and_nothing_is_changed()
    {
        await using var cluster = new TestCluster(nodes: 1);
        NodeSettings settings = cluster.Settings(1);
        using var other = new TcpListener(IPAddress.Loopback, HostPort.Parse(settings.Self.Gateway).Port);
        other.Start();

        string error = await RefusedAsync(settings);

        Assert.Contains($"cannot listen on {settings.Self.Gateway} (cluster.peers.gateway", error, StringComparison.Ordinal);
        Assert.Contains("ss -ltnp", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(settings.Storage.DataDirectory));
        Assert.False(File.Exists(cluster.MembershipFile));
    }

    [Fact]
    public async Task An_address_of_another_host_is_named()
    {
        await using var cluster = new TestCluster(nodes: 1);
        NodeSettings settings = cluster.Settings(1);
        string address = string.Create(CultureInfo.InvariantCulture, $"192.0.2.7:{Ports.Free()}");

        string error = await RefusedAsync(settings with { Cluster = settings.Cluster with { Peers = [settings.Self with { Address = address }] } });

        Assert.Contains($"cannot listen on {address} (cluster.peers.address", error, StringComparison.Ordinal);
        Assert.Contains("Is it an address of this host?", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_membership_database_that_cannot_be_reached_is_named()
    {
        await using var cluster = new TestCluster(nodes: 1);
        var nobody = new MembershipSettings(MembershipProvider.PostgreSql, string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Ports.Free()};Database=x;Username=x;Timeout=2"));

        string error = await RefusedAsync(cluster.Settings(1) with { Membership = nobody });

        Assert.Contains("The membership database (PostgreSQL database) cannot be used", error, StringComparison.Ordinal);
        Assert.Contains("Check [membership] connection", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_that_is_in_use_is_named()
    {
        await using var cluster = new TestCluster(nodes: 1);
        await cluster.StartAsync();
        NodeSettings settings = cluster.Settings(1);
        var elsewhere = new PeerSettings(1, Address(), Address());

        string error = await RefusedAsync(settings with { Cluster = settings.Cluster with { Peers = [elsewhere] } });

        Assert.Contains($"The data directory {settings.Storage.DataDirectory} is in use by process", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_that_is_a_file_is_named()
    {
        await using var cluster = new TestCluster(nodes: 1);
        NodeSettings settings = cluster.Settings(1);
        Directory.CreateDirectory(Path.GetDirectoryName(settings.Storage.DataDirectory)!);
        await File.WriteAllTextAsync(settings.Storage.DataDirectory, "");

        string error = await RefusedAsync(settings);

        Assert.Contains("Node 1 could not use its files: ", error, StringComparison.Ordinal);
        Assert.Contains($"Check that {settings.Storage.DataDirectory} and the membership database are on a volume that works", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_that_cannot_be_written_at_the_end_is_told()
    {
        await using var cluster = new TestCluster(nodes: 1);
        NodeSettings settings = cluster.Settings(1);
        var errors = new StringWriter();
        Task<int> running = LatticeServer.RunAsync(settings, errors, CancellationToken.None);
        await using (LatticeClient client = await ConnectAsync(cluster))
        {
            await client.PutAsync("a", "1");
            Directory.Delete(Path.Combine(settings.Storage.DataDirectory, "state"), recursive: true);
            Assert.True(await client.StopNodeAsync(1));
        }

        int exitCode = await running.WaitAsync(Patience);

        Assert.Equal(LatticeServer.Failed, exitCode);
        Assert.StartsWith("lattice: The node did not stop in order. ", errors.ToString(), StringComparison.Ordinal);
    }

    private static string Address() => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Ports.Free()}");

    private static Task<LatticeClient> ConnectAsync(TestCluster cluster) => cluster.ConnectAsync();

    /// <summary>The one paragraph that says why the node does not start.</summary>
    private static async Task<string> RefusedAsync(NodeSettings settings)
    {
        var errors = new StringWriter();
        Assert.Equal(LatticeServer.CannotStart, await LatticeServer.RunAsync(settings, errors, CancellationToken.None).WaitAsync(Patience));
        return Assert.Single(errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task<HttpStatusCode?> AskAsync(HttpClient http, string path)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
