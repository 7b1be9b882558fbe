using Lattice.Silo.Configuration;

namespace Lattice.Cluster.Tests.Configuration;

/// <summary>Generated files, printed settings and paths.</summary>
public sealed class SettingsTemplateTests
{
    private static readonly LatticePaths Paths = new("/somewhere");

    [Fact]
    public void A_generated_file_has_no_mistakes_and_says_what_the_defaults_are()
    {
        string text = SettingsTemplate.Generate(2, SettingsTemplate.DefaultPeers(2), membership: null, Paths);

        SettingsResult read = SettingsFile.Parse(text, "node2.toml", node: null, Paths);

        Assert.Empty(read.Errors);
        Assert.Equal(2, read.Settings!.Node);
        Assert.Equal(["127.0.0.1:5001", "127.0.0.1:5002", "127.0.0.1:5003"], read.Settings.Cluster.Peers.Select(p => p.Address));
        Assert.Equal("127.0.0.1:9002", read.Settings.MetricsAddress);
        Assert.Contains("# sync_on_write = true", text, StringComparison.Ordinal);
        Assert.Contains("# max_wal_size_mb = 64", text, StringComparison.Ordinal);
        Assert.Contains("# data_dir = \"/somewhere/var/lib/lattice/node-2\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_generated_file_comments_out_may_be_commented_in()
    {
        string text = SettingsTemplate.Generate(1, SettingsTemplate.DefaultPeers(1), membership: null, Paths);
        string everything = string.Join('\n', text.Split('\n').Select(line => line.StartsWith("# ", StringComparison.Ordinal) && line.Contains(" = ", StringComparison.Ordinal) && char.IsAsciiLetterLower(line[2]) ? line[2..] : line));

        SettingsResult commented = SettingsFile.Parse(text, "node1.toml", 1, Paths);
        SettingsResult read = SettingsFile.Parse(everything, "node1.toml", 1, Paths);

        Assert.Empty(read.Errors);
        Assert.Equal(SettingsPrinter.Print(commented.Settings!), SettingsPrinter.Print(read.Settings!));
    }

    [Fact]
    public void A_membership_database_is_written_into_the_file()
    {
        var membership = new MembershipSettings(MembershipProvider.PostgreSql, "Host=db;Password=a\"b\\c");
        string text = SettingsTemplate.Generate(1, SettingsTemplate.DefaultPeers(1), membership, Paths);

        Assert.Equal(membership, SettingsFile.Parse(text, "node1.toml", 1, Paths).Settings!.Membership);
    }

    [Fact]
    public void A_fourth_node_adds_itself_to_the_three()
    {
        IReadOnlyList<PeerSettings> peers = SettingsTemplate.WithNode(4, SettingsTemplate.DefaultPeers(1));

        Assert.Equal([1, 2, 3, 4], peers.Select(p => p.Id));
        Assert.Equal("127.0.0.1:5004", peers[3].Address);
    }

    [Fact]
    public void Printed_settings_are_a_file_that_says_the_same_without_the_password()
    {
        string text = SettingsTemplate.Generate(1, SettingsTemplate.DefaultPeers(1), new MembershipSettings(MembershipProvider.PostgreSql, "Host=db;Password=hush-hush;Database=lattice"), Paths);
        NodeSettings settings = SettingsFile.Parse(text, "node1.toml", 1, Paths).Settings!;

        string printed = SettingsPrinter.Print(settings);
        SettingsResult again = SettingsFile.Parse(printed, "node1.toml", 1, Paths);

        Assert.Empty(again.Errors);
        Assert.DoesNotContain("hush-hush", printed, StringComparison.Ordinal);
        Assert.Contains("Host=db;Password=***;Database=lattice", printed, StringComparison.Ordinal);
        Assert.Equal(settings.Storage, again.Settings!.Storage);
        Assert.Equal(settings.Performance, again.Settings.Performance);
        Assert.Equal(settings.Consensus, again.Settings.Consensus);
        Assert.Equal(settings.Limits, again.Settings.Limits);
    }

    [Fact]
    public void Paths_lie_below_the_root()
    {
        var root = new LatticePaths("/somewhere");

        Assert.Equal("/somewhere/etc/lattice/node3.toml", root.ConfigurationOf(3));
        Assert.Equal("/somewhere/var/lib/lattice/node-3", root.DataOf(3));
        Assert.Equal("/somewhere/var/log/lattice", root.LogDirectory);
        Assert.Equal("/somewhere/var/lib/lattice/membership.db", root.MembershipFile);
        Assert.Equal("/etc/lattice/node3.toml", new LatticePaths("/").ConfigurationOf(3));
    }
}
