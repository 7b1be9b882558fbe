using Lattice.Silo.Configuration;

namespace Lattice.Cluster.Tests.Configuration;

/// <summary>What is said about <c>[security]</c>, and about its absence.</summary>
public sealed class SecuritySettingsTests
{
    private const string Tls = "tls_certificate = \"/c\"\ntls_key = \"/k\"\ntls_ca = \"/a\"\n";

    private static readonly LatticePaths Paths = new("/somewhere");

    [Fact]
    public void Without_the_section_nobody_is_asked_for_anything_and_loopback_is_no_reason_to_warn()
    {
        SettingsResult read = Read("127.0.0.1", "");
        Assert.Equal(new SecuritySettings("", "", "", null, HttpSecurity.Plain), read.Settings!.Security);
        Assert.Empty(read.Warnings);
    }

    [Theory]
    [InlineData("", 1, "neither tokens nor TLS")]
    [InlineData("tokens_file = \"/t\"\ncluster_secret_file = \"/s\"\n", 1, "unencrypted")]
    [InlineData(Tls, 0, "")]
    public void An_address_that_others_reach_without_tokens_or_TLS_is_warned_of(string section, int warnings, string about)
    {
        SettingsResult read = Read("0.0.0.0", $"[security]\n{section}");
        Assert.Empty(read.Errors);
        Assert.Equal(warnings, read.Warnings.Count);
        Assert.All(read.Warnings, w => Assert.Contains(about, w, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("tokens_file = \"/t\"\n", "security.cluster_secret_file")]
    [InlineData("tls_certificate = \"/c\"\ntls_key = \"/k\"\n", "security.tls_ca")]
    [InlineData("http = \"tls\"\n", "security.http")]
    public void What_would_not_guard_is_refused(string section, string key) =>
        Assert.Contains(Read("127.0.0.1", $"[security]\n{section}").Errors, e => e.Key == key);

    [Fact]
    public void The_settings_that_are_printed_name_files_and_hold_no_secret()
    {
        string printed = SettingsPrinter.Print(Read("127.0.0.1", $"[security]\ntokens_file = \"/t\"\n{Tls}").Settings!);
        Assert.Contains("tokens_file = \"/t\"", printed, StringComparison.Ordinal);
        Assert.Contains("tls_key = \"/k\"", printed, StringComparison.Ordinal);
    }

    private static SettingsResult Read(string gatewayHost, string section) => SettingsFile.Parse(
        $"""
        [[cluster.peers]]
        id = 1
        address = "127.0.0.1:5001"
        gateway = "{gatewayHost}:30001"
        {section}
        """,
        "/etc/lattice/node1.toml",
        1,
        Paths);
}
