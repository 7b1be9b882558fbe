using Lattice.Cli.Cluster;
using Lattice.Cli.Commands;
using Lattice.Cli.Dev;
using Lattice.Cli.Output;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("lattice-cli-").FullName;
    private readonly StringWriter output = new();
    private readonly StringWriter errors = new();

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_generated_file_is_valid()
    {
        string file = Path.Combine(root, "node1.toml");

        Assert.Equal(0, await RunAsync("config", "generate", "1", file));
        Assert.Equal(0, await RunAsync("config", "validate", file));
    }

    [Fact]
    public async Task A_file_that_is_there_is_not_overwritten_without_force()
    {
        string file = Path.Combine(root, "node1.toml");
        await File.WriteAllTextAsync(file, "mine");

        var refused = await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync("config", "generate", "1", file));

        Assert.Equal(ExitCodes.Negative, refused.ExitCode);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
        Assert.Equal(0, await RunAsync("config", "generate", "1", file, "--force"));
        Assert.NotEqual("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task A_file_beside_others_has_their_peers_and_itself()
    {
        await RunAsync("config", "generate", "1", Path.Combine(root, "node1.toml"), "--peer", "1=10.0.1.10:5001", "--peer", "2=10.0.1.11:5001", "--membership", "postgresql=Host=db;Database=lattice");
        string file = Path.Combine(root, "node3.toml");

        Assert.Equal(0, await RunAsync("config", "generate", "3", file, "--membership", "postgresql=Host=db;Database=lattice"));

        NodeSettings settings = SettingsFile.Load(file, 3, new LatticePaths(root)).Settings!;
        Assert.Equal(["10.0.1.10:5001", "10.0.1.11:5001", "10.0.1.11:5002"], settings.Cluster.Peers.Select(p => p.Address));
    }

    [Fact]
    public async Task A_file_that_could_not_work_is_not_written()
    {
        string file = Path.Combine(root, "node1.toml");

        await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync("config", "generate", "1", file, "--peer", "1=192.0.2.1:5001", "--peer", "2=192.0.2.2:5001"));

        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task All_mistakes_are_listed_one_a_line()
    {
        string file = Path.Combine(root, "node1.toml");
        await File.WriteAllTextAsync(file, "[cluster]\nname = 5\nshards = 0\n[[cluster.peers]]\nid = 1\naddress = \"127.0.0.1:5001\"\n[storage]\nsync_on_writ = true\n");

        Assert.Equal(ExitCodes.Negative, await RunAsync("config", "validate", file));
        Assert.True(errors.ToString().TrimEnd().Split('\n').Length >= 3, errors.ToString());
    }

    [Theory]
    [InlineData("get")]
    [InlineData("cas", "key", "value")]
    [InlineData("cas", "key", "value", "--absent", "--revision", "3")]
    [InlineData("scan", "prefix", "--from", "a")]
    [InlineData("dev", "--nodes", "0")]
    [InlineData("start", "zero", "file")]
    [InlineData("benchmark", "10", "--read-ratio", "2")]
    [InlineData("config", "generate", "1", "file", "--peer", "nonsense")]
    [InlineData("config", "generate", "1", "file", "--membership", "mysql")]
    [InlineData("admin", "trace", "some")]
    [InlineData("admin", "trace", "0")]
    [InlineData("admin", "trace", "all", "--last", "0")]
    [InlineData("admin", "trace", "1", "--group", "first")]
    public void What_cannot_be_meant_is_refused_before_anything_is_done(params string[] arguments) =>
        Assert.NotEmpty(LatticeCommand.Create(Shell()).Parse(arguments).Errors);

    [Fact]
    public void A_cluster_is_found_by_option_then_variable_then_folder_then_running_dev()
    {
        string given = Generate("given");
        string variable = Generate("variable");
        var none = new DevRuntimeFile(Path.Combine(root, "none.json"));
        var dev = new DevRuntimeFile(Path.Combine(root, "dev.json"));
        string devFile = Generate("dev");
        dev.Write(Path.Combine(root, "dev"));
        var empty = new LatticePaths(Path.Combine(root, "empty"));
        string folderFile = Generate("folder");
        var folder = new LatticePaths(Path.Combine(root, "folder"));

        Assert.Equal(given, new ClusterLocator(folder, variable, dev).FindFile(given).File);
        Assert.Equal(variable, new ClusterLocator(folder, variable, dev).FindFile(null).File);
        Assert.Equal(folderFile, new ClusterLocator(folder, null, dev).FindFile(null).File);
        Assert.Equal(devFile, new ClusterLocator(empty, null, dev).FindFile(null).File);
        Assert.Throws<CommandFailedException>(() => new ClusterLocator(empty, null, none).FindFile(null));
    }

    [Fact]
    public void The_record_of_a_dev_cluster_whose_process_is_gone_is_ignored()
    {
        string path = Path.Combine(root, "dev.json");
        File.WriteAllText(path, $$"""{"pid":{{int.MaxValue}},"root":"/tmp"}""");

        Assert.Null(new DevRuntimeFile(path).Read());
    }

    [Fact]
    public void Bytes_are_shown_on_one_line_without_loss()
    {
        Assert.Equal(@"å\n\t\\\xFF\x00", ByteText.Escape([0xC3, 0xA5, (byte)'\n', (byte)'\t', (byte)'\\', 0xFF, 0]));
        Assert.Null(ByteText.Utf8OrNull([0xFF]));
    }

    [Theory]
    [InlineData("admin", "trace")]
    [InlineData("admin", "trace", "all", "--json")]
    [InlineData("admin", "trace", "2", "--group", "0", "--last", "16384")]
    public void A_trace_is_asked_of_one_node_or_of_all(params string[] arguments) =>
        Assert.Empty(LatticeCommand.Create(Shell()).Parse(arguments).Errors);

    private string Generate(string name)
    {
        var paths = new LatticePaths(Path.Combine(root, name));
        Directory.CreateDirectory(paths.ConfigurationDirectory);
        File.WriteAllText(paths.ConfigurationOf(1), SettingsTemplate.Generate(1, SettingsTemplate.DefaultPeers(1), membership: null, paths));
        return paths.ConfigurationOf(1);
    }

    private Task<int> RunAsync(params string[] arguments) =>
        LatticeCommand.Create(Shell()).Parse(arguments).InvokeAsync(new System.CommandLine.InvocationConfiguration { EnableDefaultExceptionHandler = false });

    private Shell Shell() => new() { Out = output, Error = errors, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null, IsTerminal = false, Paths = new LatticePaths(root) };
}
