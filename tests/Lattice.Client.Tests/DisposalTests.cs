namespace Lattice.Client.Tests;

/// <summary>The end of a client.</summary>
public class DisposalTests
{
    [Fact]
    public async Task A_pool_may_be_disposed_of_twice()
    {
        var options = new LatticeClientOptions();
        options.Gateways.Add("127.0.0.1:1");
        var pool = new Gateways.GatewayPool(options);
        await pool.DisposeAsync();
        await pool.DisposeAsync();
    }
}
