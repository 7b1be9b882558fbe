using System.Security.Cryptography;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests;

/// <summary>What is wrong is said in one paragraph with what to do, the exit code is not 0, and nothing on disk is changed.</summary>
public sealed class BadInputTests
{
    private static readonly TimeSpan RefusalTimeout = TimeSpan.FromSeconds(15);

    [Fact]
    public void Five_mistakes_in_a_configuration_file_are_listed_at_once_with_their_lines()
    {
        using var cluster = new TestCluster(nodes: 1);
        string file = Path.Combine(cluster.Root, "bad.toml");
        File.WriteAllText(file, """
            [cluster]
            name = "bad"
            shards = 0
            [[cluster.peers]]
            id = 1
            address = "127.0.0.1"
            [performance]
            batch_sise = 100
            worker_threads = "many"
            [consensus]
            read_mode = "leese"
            """);

        ProcessResult result = cluster.Run("config", "validate", file);

        Assert.NotEqual(0, result.ExitCode);
        string printed = result.Output + result.Errors;
        foreach ((int line, string key) in ((int, string)[])[(3, "shards"), (6, "address"), (8, "batch_sise"), (9, "worker_threads"), (11, "read_mode")])
        {
            Assert.Contains(printed.Split('\n'), l => l.Contains($"bad.toml:{line}:", StringComparison.Ordinal) && l.Contains(key, StringComparison.Ordinal));
        }

        Assert.Contains("batch_size", printed, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_in_use_is_named()
    {
        using var cluster = new TestCluster(nodes: 1);
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, cluster.SiloPortOf(1));
        taken.Start();

        string said = Refused(cluster, 1);

        Assert.Contains($"127.0.0.1:{cluster.SiloPortOf(1)}", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(cluster.DataOf(1)));
    }

    [Fact]
    public void A_second_process_on_the_same_directory_is_refused()
    {
        using var cluster = new TestCluster(nodes: 1);
        cluster.Start(1);
        cluster.WaitUntilHealthy();
        string other = Path.Combine(cluster.Root, "other.toml");
        File.WriteAllText(other, cluster.ConfigurationOnOtherPorts(1));

        ProcessResult result = cluster.Run("start", "1", other);

        AssertRefusal(result.ExitCode, result.Output + result.Errors, cluster.DataOf(1));
        Assert.True(cluster[1].IsRunning);
    }

    [Fact]
    public void A_data_directory_of_another_node_is_refused()
    {
        using var cluster = new TestCluster(nodes: 2);
        MakeData(cluster, 1);
        MakeData(cluster, 2);
        Directory.Delete(cluster.DataOf(2), recursive: true);
        Directory.Move(cluster.DataOf(1), cluster.DataOf(2));

        string said = RefusedUnchanged(cluster, 2);

        Assert.Contains("belongs to node 1", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_directory_of_another_cluster_is_refused()
    {
        using var cluster = new TestCluster(nodes: 1);
        cluster.Start(1);
        cluster.WaitUntilHealthy();
        cluster[1].Terminate();
        File.WriteAllText(cluster.ConfigurationOf(1), File.ReadAllText(cluster.ConfigurationOf(1)).Replace(cluster.Name, "another", StringComparison.Ordinal));

        string said = Refused(cluster, 1);

        Assert.Contains("another", said, StringComparison.Ordinal);
        Assert.Contains(cluster.Name, said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_too_large_is_refused_with_the_limit()
    {
        using var cluster = new TestCluster(nodes: 1);
        cluster.Start(1);
        cluster.WaitUntilHealthy();

        ProcessResult result = cluster.RunWithInput(new byte[(1 << 20) + 1], "put", "large", "-");

        AssertRefusal(result.ExitCode, result.Output + result.Errors, "1048576");
    }

    [Fact]
    public void Damage_in_the_middle_of_a_log_segment_is_refused_with_file_and_offset()
    {
        using var cluster = new TestCluster(nodes: 1);
        cluster.Start(1);
        cluster.WaitUntilHealthy();
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(0, cluster.Run("put", $"key-{i}", "a value that can be found in the log").ExitCode);
        }

        cluster[1].Kill();
        string segment = Directory.GetFiles(Path.Combine(cluster.DataOf(1), "wal"), "*.wal").Order().First();
        byte[] bytes = File.ReadAllBytes(segment);
        int first = bytes.AsSpan().IndexOf("a value that can be found"u8);
        bytes[first + 3] ^= 1;
        File.WriteAllBytes(segment, bytes);

        string said = RefusedUnchanged(cluster, 1);

        Assert.Contains(Path.GetFileName(segment), said, StringComparison.Ordinal);
        Assert.Contains("offset", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_snapshot_in_an_otherwise_empty_directory_is_refused()
    {
        using var cluster = new TestCluster(nodes: 1, extra: "[storage]\nsnapshot_interval = 100\n");
        cluster.Start(1);
        cluster.WaitUntilHealthy();
        string snapshots = Path.Combine(cluster.DataOf(1), "snapshots");
        string latest = Path.Combine(snapshots, "latest.snap");
        Eventually.Holds(() => cluster.Run("benchmark", "1", "--clients", "8"), _ => File.Exists(latest), TimeSpan.FromSeconds(30), cluster.Logs);
        cluster[1].Terminate();
        byte[] whole = File.ReadAllBytes(latest);
        Directory.Delete(cluster.DataOf(1), recursive: true);
        Directory.CreateDirectory(snapshots);
        File.WriteAllBytes(latest, whole[..(whole.Length / 2)]);

        string said = Refused(cluster, 1);

        Assert.Contains("latest.snap", said, StringComparison.Ordinal);
        Assert.Equal(["latest.snap"], Directory.GetFiles(snapshots).Select(f => Path.GetFileName(f)!));
    }

    private static void MakeData(TestCluster cluster, int node)
    {
        NodeProcess process = cluster.Start(node);
        Eventually.Holds(() => File.Exists(Path.Combine(cluster.DataOf(node), "identity")), exists => exists, RefusalTimeout, cluster.Logs);
        process.Kill();
    }

    private static string Refused(TestCluster cluster, int node)
    {
        NodeProcess process = cluster.Start(node);
        Assert.True(process.WaitForExit(RefusalTimeout), $"The node did not refuse to start.\n{process.Output}");
        Eventually.Holds(() => process.Output, said => said.Contains("lattice:", StringComparison.Ordinal), RefusalTimeout);
        AssertRefusal(process.ExitCode, process.Output, "");
        return process.Output;
    }

    private static string RefusedUnchanged(TestCluster cluster, int node)
    {
        string before = Picture(cluster.DataOf(node));
        string said = Refused(cluster, node);
        Assert.Equal(before, Picture(cluster.DataOf(node)));
        return said;
    }

    private static void AssertRefusal(int exitCode, string said, string contains)
    {
        Assert.NotEqual(0, exitCode);
        Assert.Contains(contains, said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        Assert.Single(said.Split('\n'), line => line.StartsWith("lattice:", StringComparison.Ordinal));
    }

    /// <summary>Every file below a folder with its length and hash; the lock file, which each attempt takes, left out.</summary>
    private static string Picture(string directory) => string.Join('\n', Directory
        .EnumerateFiles(directory, "*", SearchOption.AllDirectories)
        .Where(f => Path.GetFileName(f) != "LOCK")
        .Order(StringComparer.Ordinal)
        .Select(f => $"{Path.GetRelativePath(directory, f)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))}"));
}
