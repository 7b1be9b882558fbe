using System.Globalization;
using Lattice.Client;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Security;

/// <summary>A cluster of three that asks for tokens and certificates, shared by the tests of what it lets in.</summary>
public sealed class SecuredCluster : IDisposable
{
    public const string Shared = "a secured cluster";

    public SecuredCluster()
    {
        Cluster = new TestCluster(extra: Files.TokensAndTls);
        OperatorToken = CreateToken("operator", "admin");
        File.WriteAllText(Files.OperatorTokenFile, OperatorToken);
        Cluster.StartAll();
        Cluster.WaitUntilHealthy(TimeSpan.FromSeconds(120));
    }

    internal SecurityFiles Files { get; } = new();

    internal TestCluster Cluster { get; }

    internal string OperatorToken { get; }

    internal string Log => string.Join('\n', Cluster.Nodes.Select(n => Cluster[n].Output));

    /// <summary>Makes a token as an operator does.</summary>
    internal string CreateToken(string name, string role, params string[] more)
    {
        ProcessResult made = Cluster.Run(["token", "create", name, "--role", role, "--config", Cluster.ConfigurationOf(1), .. more]);
        made.AssertSucceeded();
        return made.Output.Trim();
    }

    /// <summary>Runs a command that shows a certain token.</summary>
    internal ProcessResult RunWith(string token, params string[] arguments)
    {
        string file = Files.PathOf("shown.token");
        File.WriteAllText(file, token);
        return Cluster.Run([.. arguments, "--token-file", file]);
    }

    /// <summary>Runs a command whose configuration names another certificate.</summary>
    internal ProcessResult RunWithCertificate(string name, params string[] arguments) =>
        Cluster.Run([.. arguments, "--config", Configuration(text => text
            .Replace(Files.PathOf("node.pem"), Files.PathOf($"{name}.pem"), StringComparison.Ordinal)
            .Replace(Files.PathOf("node.key"), Files.PathOf($"{name}.key"), StringComparison.Ordinal))]);

    /// <summary>A configuration that differs from that of the nodes.</summary>
    internal string Configuration(Func<string, string> change)
    {
        string file = Files.PathOf("changed.toml");
        File.WriteAllText(file, change(File.ReadAllText(Cluster.ConfigurationOf(1))));
        return file;
    }

    internal LatticeClientOptions Options(string? token, string certificate = "client")
    {
        var options = new LatticeClientOptions { ClusterName = Cluster.Name, Token = token, Tls = new LatticeTls(Files.PathOf($"{certificate}.pem"), Files.PathOf($"{certificate}.key"), Files.PathOf("ca.pem")) };
        foreach (string gateway in Cluster.Gateways)
        {
            options.Gateways.Add(gateway);
        }

        return options;
    }

    /// <summary>How often something was not let in, for a reason, on all nodes together.</summary>
    internal async Task<long> DeniedAsync(string reason)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        using var http = new HttpClient(handler);
        long sum = 0;
        foreach (int node in Cluster.Nodes)
        {
            string metrics = await http.GetStringAsync(new Uri($"https://{Cluster.MetricsOf(node)}/metrics"));
            string? line = metrics.Split('\n').FirstOrDefault(l => l.StartsWith("lattice_access_denied_total{", StringComparison.Ordinal) && l.Contains($"reason=\"{reason}\"", StringComparison.Ordinal));
            sum += line is null ? 0 : (long)double.Parse(line.Split('}')[1].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
        }

        return sum;
    }

    public void Dispose()
    {
        Cluster.Dispose();
        Files.Dispose();
    }
}

/// <summary>One such cluster is enough for all that look at it.</summary>
[CollectionDefinition(SecuredCluster.Shared)]
public sealed class SharedSecuredCluster : ICollectionFixture<SecuredCluster>;
