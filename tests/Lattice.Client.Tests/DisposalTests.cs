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

    [Fact]
    public async Task Whoever_waits_for_a_gateway_that_cannot_be_reached_waits_no_longer_than_the_gateway_is_there()
    {
        var options = new LatticeClientOptions();
        options.Gateways.Add("127.0.0.1:1");
        var gateway = new Gateways.OrleansGateway("127.0.0.1:1", options);
        Task connected = gateway.ConnectAsync();
        await gateway.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connected.WaitAsync(TimeSpan.FromSeconds(10)));
    }
}
