using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Security;

/// <summary>The tour, in a cluster that asks for tokens and certificates.</summary>
[Trait("Share", "Full")]
public sealed class SecuredDemoTests
{
    [Fact]
    public void The_demo_holds_what_it_claims_with_tokens_and_TLS()
    {
        using var files = new SecurityFiles();
        using var cluster = new TestCluster(extra: files.TokensAndTls);
        ProcessResult made = cluster.Run("token", "create", "operator", "--role", "admin");
        made.AssertSucceeded();
        File.WriteAllText(files.OperatorTokenFile, made.Output);

        ProcessResult demo = cluster.Run("dev", "--demo", "--root", cluster.Root);

        demo.AssertSucceeded();
        Assert.Contains("nothing acknowledged was lost", demo.Output, StringComparison.Ordinal);
    }
}
