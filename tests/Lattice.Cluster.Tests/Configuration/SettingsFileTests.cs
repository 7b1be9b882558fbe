using Lattice.Silo.Configuration;

namespace Lattice.Cluster.Tests.Configuration;

/// <summary>How configuration files are read, and what is said about the mistakes in them.</summary>
public sealed class SettingsFileTests
{
    private const string Peers = """
        [[cluster.peers]]
        id = 1
        address = "127.0.0.1:5001"
        [[cluster.peers]]
        id = 2
        address = "127.0.0.1:5002"

        """;

    private static readonly LatticePaths Paths = new("/somewhere");

    [Fact]
    public void Everything_has_a_default_but_the_peers()
    {
        NodeSettings settings = Read(Peers);

        Assert.Equal(("lattice", 4), (settings.Cluster.Name, settings.Cluster.Shards));
        Assert.Equal([new PeerSettings(1, "127.0.0.1:5001", "127.0.0.1:30001"), new PeerSettings(2, "127.0.0.1:5002", "127.0.0.1:30002")], settings.Cluster.Peers);
        Assert.Equal(new MembershipSettings(MembershipProvider.Sqlite, "Data Source=/somewhere/var/lib/lattice/membership.db"), settings.Membership);
        Assert.Equal(new PerformanceSettings(100, TimeSpan.FromMilliseconds(2), Environment.ProcessorCount, 10_000), settings.Performance);
        Assert.Equal(new ConsensusSettings(100, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500), LeaseReads: false), settings.Consensus);
        Assert.Equal(("/somewhere/var/lib/lattice/node-1", true, 64L << 20, 10_000), (settings.Storage.DataDirectory, settings.Storage.SyncOnWrite, settings.Storage.MaxSegmentBytes, settings.Storage.SnapshotInterval));
        Assert.Equal((true, "127.0.0.1:9001"), (settings.TcpNoDelay, settings.MetricsAddress));
        Assert.Equal(settings.Cluster.Peers[0], settings.Self);
    }

    [Theory]
    [InlineData("[performance]\nbatch_size = 500\nbatch_timeout_ms = 5\nworker_threads = 8\ncache_size = 50000\n[consensus]\nmax_entries_per_append = 500 # Bigger\n")]
    [InlineData("[performance]\nbatch_size = 10\nbatch_timeout_ms = 1\nworker_threads = 16\n[storage]\nsync_on_write = false\n[network]\ntcp_nodelay = true\n")]
    [InlineData("[performance]\ncache_size = 1000\nbatch_size = 50\n[storage]\nmax_wal_size_mb = 32\nsnapshot_interval = 5000\n")]
    public void The_manuals_tuning_works_as_written(string tuning)
    {
        Assert.NotEqual(Read(Peers), Read(Peers + tuning));
    }

    [Fact]
    public void The_issues_example_works_as_written()
    {
        NodeSettings settings = Read(Peers + """
            [membership]
            provider = "postgresql"
            connection = "Host=db;Database=lattice"
            [consensus]
            read_mode = "lease"
            [metrics]
            address = "0.0.0.0:9001"
            """);

        Assert.Equal(new MembershipSettings(MembershipProvider.PostgreSql, "Host=db;Database=lattice"), settings.Membership);
        Assert.True(settings.Consensus.LeaseReads);
        Assert.Equal("0.0.0.0:9001", settings.MetricsAddress);
    }

    [Fact]
    public void Five_mistakes_are_listed_at_once_each_with_its_line_and_what_is_allowed()
    {
        string[] errors = Errors("""
            [cluster]
            shards = 0
            [[cluster.peers]]
            id = 1
            address = "127.0.0.1:5001"
            [performance]
            batchsize = 100
            cache_size = "many"
            [consensus]
            read_mode = "leese"
            [storage]
            max_wal_size_mb = 100000
            """);

        Assert.Equal(5, errors.Length);
        Assert.Equal("node1.toml:2: cluster.shards: 0 is out of range; allowed are 1 to 1024.", errors[0]);
        Assert.Equal("node1.toml:7: performance.batchsize: no such key. Did you mean 'batch_size'?", errors[1]);
        Assert.StartsWith("node1.toml:8: performance.cache_size: \"many\" is not a whole number; allowed are 0 to", errors[2], StringComparison.Ordinal);
        Assert.Equal("node1.toml:10: consensus.read_mode: \"leese\" is not known; allowed are \"read-index\" and \"lease\". Did you mean 'lease'?", errors[3]);
        Assert.Equal("node1.toml:12: storage.max_wal_size_mb: 100000 is out of range; allowed are 1 to 1024.", errors[4]);
    }

    [Fact]
    public void Unknown_tables_are_named_with_the_nearest_known_one()
    {
        Assert.Equal(["node1.toml:7: [perfomance]: no such table. Did you mean 'performance'?"], Errors(Peers + "[perfomance]\nbatch_size = 1\n"));
    }

    [Fact]
    public void What_is_not_TOML_is_named_with_its_line()
    {
        string error = Assert.Single(Errors(Peers + "[storage]\nsync_on_write = maybe\n"));
        Assert.StartsWith("node1.toml:8:", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_is_given_twice_is_a_mistake()
    {
        string error = Assert.Single(Errors(Peers + "[storage]\nsync_on_write = true\nsync_on_write = false\n"));
        Assert.StartsWith("node1.toml:9:", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[[cluster.peers]]\nid = 2\naddress = \"127.0.0.1:5003\"\n", "node1.toml:7: cluster.peers.id: node 2 is listed twice")]
    [InlineData("[[cluster.peers]]\nid = 3\naddress = \"127.0.0.1:5002\"\n", "node1.toml:7: cluster.peers: 127.0.0.1:5002 is used by node 2 already")]
    [InlineData("[[cluster.peers]]\nid = 3\naddress = \"127.0.0.1:5003\"\ngateway = \"127.0.0.1:5001\"\n", "node1.toml:7: cluster.peers: 127.0.0.1:5001 is used by node 1 already")]
    [InlineData("[[cluster.peers]]\nid = 3\naddress = \"127.0.0.1\"\n", "node1.toml:9: cluster.peers.address: \"127.0.0.1\" is not \"host:port\"")]
    [InlineData("[[cluster.peers]]\nid = 0\naddress = \"127.0.0.1:5003\"\n", "node1.toml:8: cluster.peers.id: 0 is not a node id; allowed are 1 to 999.")]
    [InlineData("[[cluster.peers]]\nid = 3\n", "node1.toml:7: cluster.peers: address is missing")]
    [InlineData("[[cluster.peers]]\nid = 3\naddres = \"127.0.0.1:5003\"\n", "node1.toml:9: cluster.peers.addres: no such key. Did you mean 'address'?")]
    [InlineData("[[cluster.peers]]\nid = 3\naddress = \"0.0.0.0:5003\"\n", "says where to listen but not where the others find the node")]
    [InlineData("[metrics]\naddress = \"127.0.0.1:5002\"\n", "node1.toml:8: metrics.address: 127.0.0.1:5002 is used by node 2 already")]
    [InlineData("[consensus]\nheartbeat_ms = 100\nelection_timeout_ms = 300\n", "node1.toml:9: consensus.election_timeout_ms: 300 is less than four times heartbeat_ms (100)")]
    [InlineData("[membership]\nprovider = \"postgresql\"\n", "membership.connection: missing; provider \"postgresql\" needs one")]
    [InlineData("[membership]\nprovider = \"postgresql\"\nconnection = \"Database=lattice\"\n", "node1.toml:9: membership.connection: names no host")]
    [InlineData("[membership]\nconnection = \"Host=db\"\n", "node1.toml:8: membership.connection: is not a connection string of this provider")]
    [InlineData("[cluster]\nname = \"my cluster\"\n", "node1.toml:8: cluster.name: \"my cluster\" is not a name")]
    public void A_mistake_is_named(string text, string expected)
    {
        Assert.Contains(expected, Assert.Single(Errors(Peers + text)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_peers_says_how_to_list_them()
    {
        Assert.Contains("[[cluster.peers]] with id and address", Assert.Single(Errors("[cluster]\nname = \"lattice\"\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_is_not_among_the_peers_is_told_how_to_add_it()
    {
        string error = Assert.Single(Errors(Peers, node: 4));
        Assert.Contains("node 4 itself is not among the peers (1, 2). Add a [[cluster.peers]] with id = 4", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Sqlite_is_refused_when_a_peer_is_on_another_host()
    {
        // An address of a range that is kept for documentation and on no host.
        string error = Errors(Peers.Replace("127.0.0.1:5002", "192.0.2.7:5001", StringComparison.Ordinal))[0];
        Assert.Contains("node 2 (192.0.2.7:5001) is not on this host. Use provider = \"postgresql\".", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loopback_address_is_refused_when_a_peer_is_on_another_host()
    {
        string text = Peers.Replace("127.0.0.1:5002", "192.0.2.7:5001", StringComparison.Ordinal) + "[membership]\nprovider = \"postgresql\"\nconnection = \"Host=db\"\n";
        Assert.Contains("node 1 has the address 127.0.0.1:5001, which node 2 (192.0.2.7:5001) cannot reach", Assert.Single(Errors(text)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_read_says_how_to_write_one()
    {
        SettingsResult read = SettingsFile.Load("/nowhere/node7.toml", 7, Paths);

        Assert.Null(read.Settings);
        Assert.Contains("lattice config generate 7 /nowhere/node7.toml", Assert.Single(read.Errors).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("node2.toml", 2)]
    [InlineData("/etc/lattice/node2.toml", 2)]
    [InlineData("mine.toml", 1)]
    public void The_files_name_says_whose_it_is_else_its_first_peer(string file, int node)
    {
        Assert.Equal(node, SettingsFile.Parse(Peers, file, node: null, Paths).Settings!.Node);
    }

    [Fact]
    public void An_IPv6_address_stands_in_brackets()
    {
        Assert.Equal(("::1", 5001), HostPort.Parse("[::1]:5001"));
        Assert.Equal("[::1]:30001", PeerSettings.WithDefaultGateway(1, "[::1]:5001").Gateway);
    }

    [Fact]
    public void No_language_model_is_asked_and_nothing_redacted_by_default()
    {
        NodeSettings settings = Read(Peers);

        Assert.Equal(new AiSettings(AiProvider.None, null, "", "", TimeSpan.FromSeconds(20)), settings.Ai);
        Assert.False(settings.Verification.RedactValues);
    }

    [Theory]
    [InlineData("provider = \"openai\"\nmodel = \"m\"\napi_key_env = \"OPENAI_API_KEY\"", AiProvider.OpenAi, null)]
    [InlineData("provider = \"openai\"\nmodel = \"m\"\nendpoint = \"http://127.0.0.1:8000/v1\"", AiProvider.OpenAi, "http://127.0.0.1:8000/v1")]
    [InlineData("provider = \"anthropic\"\nmodel = \"m\"\napi_key_env = \"K\"\nendpoint = \"https://models.example/\"", AiProvider.Anthropic, "https://models.example/")]
    [InlineData("provider = \"ollama\"\nmodel = \"m\"\ntimeout_seconds = 60", AiProvider.Ollama, null)]
    public void A_language_model_is_named_by_provider_endpoint_and_model(string keys, AiProvider provider, string? endpoint)
    {
        NodeSettings settings = Read($"{Peers}[ai]\n{keys}\n");

        Assert.Equal((provider, endpoint, "m"), (settings.Ai.Provider, settings.Ai.Endpoint?.OriginalString, settings.Ai.Model));
        Assert.Equal(settings.Ai, SettingsFile.Parse(SettingsPrinter.Print(settings), "node1.toml", 1, Paths).Settings!.Ai);
    }

    [Theory]
    [InlineData("provider = \"openai\"\napi_key_env = \"K\"", "ai.model: missing")]
    [InlineData("provider = \"openai\"\nmodel = \"m\"", "ai.api_key_env: missing")]
    [InlineData("provider = \"watson\"", "ai.provider")]
    [InlineData("endpoint = \"models.example\"", "is not an address of the form")]
    [InlineData("endpoint = \"ftp://models.example\"", "is not an address of the form")]
    [InlineData("endpoint = \"https://me:secret@models.example\"", "is not an address of the form")]
    [InlineData("provider = \"openai\"\nmodel = \"m\"\napi_key_env = \"K\"\nendpoint = \"http://models.example/v1\"", "unencrypted")]
    [InlineData("timeout_seconds = 0", "ai.timeout_seconds")]
    public void What_would_fail_when_a_model_is_needed_is_found_at_once(string keys, string mistake) =>
        Assert.Contains(mistake, Assert.Single(Errors($"{Peers}[ai]\n{keys}\n")), StringComparison.Ordinal);

    [Fact]
    public void A_key_in_the_file_is_refused_and_not_repeated()
    {
        string error = Assert.Single(Errors($"{Peers}[ai]\napi_key_env = \"sk-abc-123\"\n"));

        Assert.Contains("not the name of an environment variable", error, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-abc-123", error, StringComparison.Ordinal);
    }

    private static NodeSettings Read(string text)
    {
        SettingsResult read = SettingsFile.Parse(text, "node1.toml", 1, Paths);
        Assert.Empty(read.Errors);
        return read.Settings!;
    }

    private static string[] Errors(string text, int node = 1) =>
        [.. SettingsFile.Parse(text, "node1.toml", node, Paths).Errors.Select(e => e.ToString())];
}
