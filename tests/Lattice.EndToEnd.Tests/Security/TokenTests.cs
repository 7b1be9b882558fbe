using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Lattice.Client;
using Lattice.EndToEnd.Tests.Harness;
using Lattice.Grains;
using Lattice.Grains.Access;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace Lattice.EndToEnd.Tests.Security;

/// <summary>Who may do what in a cluster that asks for tokens, as operators and applications see it.</summary>
[Trait("Share", "Full")]
[Collection(SecuredCluster.Shared)]
public sealed class TokenTests(SecuredCluster secured)
{
    private const int NotPermitted = 77;

    private static readonly TimeSpan TakenUp = TimeSpan.FromSeconds(10);

    [Fact]
    public void With_the_operators_token_everything_works()
    {
        secured.Cluster.Run("put", "greeting", "hello").AssertSucceeded();
        Assert.Equal("hello", secured.Cluster.Run("get", "greeting").Output.TrimEnd());
        secured.Cluster.Run("admin", "snapshot", "2").AssertSucceeded();
        secured.Cluster.Run("admin", "transfer-leadership", "3").AssertSucceeded();
        secured.Cluster.Run("admin", "balance-leaders").AssertSucceeded();
        secured.Cluster.Run("admin", "verify", "1").AssertSucceeded();
        ProcessResult audit = secured.Cluster.Run("admin", "audit");
        Assert.Contains("(token 'operator')", audit.Output, StringComparison.Ordinal);

        string backup = secured.Files.PathOf("node1.tar.gz");
        secured.Cluster.Run("backup", "1", backup).AssertSucceeded();
        secured.Cluster.Run("backup", "verify", backup).AssertSucceeded();
        secured.Cluster.WaitUntilHealthy();
    }

    [Fact]
    public async Task A_call_without_a_token_is_refused_logged_and_counted_and_the_advice_in_the_message_works()
    {
        long before = await secured.DeniedAsync("token-missing");
        string config = secured.Configuration(text => text.Replace("operator_token_file", "# operator_token_file", StringComparison.Ordinal));

        ProcessResult refused = secured.Cluster.Run("put", "greeting", "hello", "--config", config);

        Assert.Equal(NotPermitted, refused.ExitCode);
        Assert.Contains("the call carries no token", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("lattice token create NAME --role", refused.Errors, StringComparison.Ordinal);
        AssertLogged("the call carries no token");
        Assert.True(await secured.DeniedAsync("token-missing") > before);
        string token = secured.CreateToken("advised", "write");
        Taken(() => secured.RunWith(token, "put", "greeting", "hello", "--config", config));
    }

    [Fact]
    public async Task A_wrong_token_is_refused_logged_and_counted()
    {
        long before = await secured.DeniedAsync("token-unknown");

        ProcessResult refused = secured.RunWith("lattice_wrong", "status");

        Assert.Equal(NotPermitted, refused.ExitCode);
        Assert.Contains("its token is not known", refused.Errors, StringComparison.Ordinal);
        AssertLogged("its token is not known");
        Assert.True(await secured.DeniedAsync("token-unknown") > before);
        Assert.DoesNotContain("lattice_wrong", secured.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_token_lets_nobody_in_any_more_without_a_restart_and_another_one_does()
    {
        string token = secured.CreateToken("leaver", "write");
        Taken(() => secured.RunWith(token, "put", "leaver", "here"));
        await using LatticeClient connected = await LatticeClient.ConnectAsync(secured.Options(token));
        await connected.PutAsync("leaver", "connected");

        secured.Cluster.Run("token", "revoke", "leaver").AssertSucceeded();

        LatticeAccessException refusal = Eventually.Holds(() => Record.ExceptionAsync(() => connected.PutAsync("leaver", "still")).Result as LatticeAccessException, e => e is not null, TakenUp)!;
        Assert.Equal(AccessRefusal.TokenRevoked, refusal.Refusal);
        ProcessResult refused = secured.RunWith(token, "get", "leaver");
        Assert.Equal(NotPermitted, refused.ExitCode);
        Assert.Contains("the token 'leaver' was revoked", refused.Errors, StringComparison.Ordinal);
        AssertLogged("by token 'leaver', from 127.0.0.1");
        Assert.Contains("revoked", secured.Cluster.Run("token", "list").Output, StringComparison.Ordinal);
        string next = secured.CreateToken("leaver", "write");
        Taken(() => secured.RunWith(next, "put", "leaver", "back"));
    }

    [Fact]
    public async Task A_role_that_is_too_low_is_refused_logged_and_counted_and_the_role_named_in_the_message_works()
    {
        string reader = secured.CreateToken("reader", "read");
        Taken(() => secured.RunWith(reader, "status"));
        long before = await secured.DeniedAsync("role-too-low");

        ProcessResult put = secured.RunWith(reader, "put", "greeting", "hello");
        ProcessResult admin = secured.RunWith(reader, "admin", "snapshot", "1");
        ProcessResult backup = secured.RunWith(reader, "backup", "1", secured.Files.PathOf("taken.tar.gz"));
        ProcessResult stop = secured.RunWith(reader, "stop", "1");

        Assert.All([put, admin, backup, stop], r => Assert.Equal(NotPermitted, r.ExitCode));
        Assert.Contains("the token 'reader' has the role read, and this needs write", put.Errors, StringComparison.Ordinal);
        Assert.Contains("this needs admin", admin.Errors, StringComparison.Ordinal);
        AssertLogged("IShardGrain.Write, by token 'reader', from 127.0.0.1");
        Assert.True(await secured.DeniedAsync("role-too-low") >= before + 4);
        Eventually.Holds(() => secured.Cluster.Run("admin", "audit").Output, text => text.Contains("token 'reader'  IAdminGrain.Plan  denied", StringComparison.Ordinal), TakenUp);
        string writer = secured.CreateToken("writer", "write");
        Taken(() => secured.RunWith(writer, "put", "greeting", "hello"));
    }

    [Fact]
    public void A_tokens_time_ends()
    {
        string token = secured.CreateToken("guest", "read", "--expires", "5s");
        Taken(() => secured.RunWith(token, "get", "nothing"), expected: 1);

        ProcessResult refused = Eventually.Holds(() => secured.RunWith(token, "get", "nothing"), r => r.ExitCode == NotPermitted, TimeSpan.FromSeconds(20));

        Assert.Contains("the token 'guest' expired", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_applications_own_Orleans_client_is_asked_with_every_call_to_whichever_grain()
    {
        string reader = secured.CreateToken("application", "read");
        Taken(() => secured.RunWith(reader, "status"));
        using IHost application = Application(reader);
        await application.StartAsync();
        IClusterClient client = application.Services.GetRequiredService<IClusterClient>();

        Assert.Equal(1, await client.GetGrain<INodeGrain>(0).Id());
        AccessRefusedException write = await Assert.ThrowsAsync<AccessRefusedException>(() => client.GetGrain<IShardGrain>(1).Write(new ShardRequest { Payload = default }).AsTask());
        AccessRefusedException collect = await Assert.ThrowsAsync<AccessRefusedException>(() => client.GetGrain<IManagementGrain>(0).GetHosts());

        Assert.Equal([AccessRefusal.RoleTooLow, AccessRefusal.RoleTooLow], [write.Refusal, collect.Refusal]);
        await application.StopAsync();
    }

    [Fact]
    public async Task The_page_of_operators_asks_for_a_token_and_those_who_watch_the_node_need_none()
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        using var http = new HttpClient(handler) { BaseAddress = new Uri($"https://{secured.Cluster.MetricsOf(1)}/") };

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("")).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "lattice_wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("")).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secured.OperatorToken);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("")).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{secured.OperatorToken}")));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("")).StatusCode);
        http.DefaultRequestHeaders.Authorization = null;
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("metrics")).StatusCode);
    }

    [Fact]
    public void Secrets_stand_in_no_log_report_or_backup()
    {
        string backup = secured.Files.PathOf("searched.tar.gz");
        secured.Cluster.Run("backup", "2", backup).AssertSucceeded();
        ProcessResult unpacked = ProcessResult.OfTool("tar", "-xOzf", backup);
        string[] places =
        [
            secured.Log,
            secured.Cluster.Run("config", "show").Output,
            secured.Cluster.Run("status", "--verbose", "--json").Output,
            secured.Cluster.Run("admin", "audit", "--json").Output,
            secured.Cluster.Run("admin", "trace").Output,
            secured.Cluster.Run("token", "list", "--json").Output,
            File.ReadAllText(secured.Files.TokensFile),
            unpacked.Output,
        ];
        string key = File.ReadAllLines(secured.Files.PathOf("node.key"))[1];

        Assert.All(places, text => Assert.All([secured.OperatorToken, secured.Files.Secret, key], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
    }

    [Fact]
    public void What_operators_search_for_in_the_log_finds_refusals_and_nothing_else()
    {
        secured.RunWith("lattice_searched", "status");

        IEnumerable<string> found = secured.Log.Split('\n').Where(l => l.Contains("denied", StringComparison.OrdinalIgnoreCase) || l.Contains("unauthorized", StringComparison.OrdinalIgnoreCase));

        Assert.NotEmpty(found);
        Assert.All(found, line => Assert.Contains("Lattice.Silo.Security.AccessLog: Access denied", line, StringComparison.Ordinal));
    }

    private IHost Application(string token)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client =>
        {
            client.UseStaticClustering(IPEndPoint.Parse(secured.Cluster.GatewayOf(1)));
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (secured.Cluster.Name, secured.Cluster.Name));
            client.UseLatticeCredentials(token, secured.Options(token).Tls);
        });
        return builder.Build();
    }

    private void AssertLogged(string what) =>
        Eventually.Holds(() => secured.Log, log => log.Split('\n').Any(l => l.Contains("Access denied", StringComparison.Ordinal) && l.Contains(what, StringComparison.Ordinal)), TimeSpan.FromSeconds(5));

    /// <summary>A new token holds on every node within a second.</summary>
    private static void Taken(Func<ProcessResult> run, int expected = 0) => Eventually.Holds(run, r => r.ExitCode == expected, TakenUp);
}
