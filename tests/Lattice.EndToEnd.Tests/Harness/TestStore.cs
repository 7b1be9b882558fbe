using System.Globalization;
using Lattice.Client;
using Lattice.Grains.Requests;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>The store as an application sees it: through the client library.</summary>
internal sealed class TestStore(LatticeClient client) : ITestStore, IAsyncDisposable
{
    public static Task<TestStore> ConnectAsync(TestCluster cluster, int first = 0) =>
        ConnectAsync(cluster.Name, cluster.Nodes.OrderByDescending(n => n == first).Select(cluster.GatewayOf));

    public static async Task<TestStore> ConnectAsync(string cluster, IEnumerable<string> gateways)
    {
        var options = new LatticeClientOptions { ClusterName = cluster, RequestTimeout = TimeSpan.FromSeconds(30) };
        foreach (string gateway in gateways)
        {
            options.Gateways.Add(gateway);
        }

        return new TestStore(await LatticeClient.ConnectAsync(options));
    }

    public Task PutAsync(string key, string value) => client.PutAsync(key, value);

    public async Task<string?> GetAsync(string key) => (await client.GetAsync(key))?.Text;

    public async Task SetIfUnchangedAsync(string key, string? expected, string value)
    {
        Expected condition = expected is null ? Expected.Absent : Expected.Value(System.Text.Encoding.UTF8.GetBytes(expected));
        CompareAndSetResult result = await client.CompareAndSetAsync(key, condition, value);
        Assert.True(result.Succeeded, $"'{key}' was expected to be '{expected ?? "absent"}' and is '{result.Present?.Text ?? "absent"}': an increment was done twice or lost.");
    }

    public async Task IncrementAsync(string key)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(key);
        for (; ; )
        {
            LatticeRecord? now = await client.GetAsync(key);
            string next = ((now is null ? 0 : long.Parse(now.Text, CultureInfo.InvariantCulture)) + 1).ToString(CultureInfo.InvariantCulture);
            Condition condition = now is null ? Condition.IsAbsent(bytes) : Condition.HasRevision(bytes, now.Revision);
            CommandResult result = await client.ExecuteAsync(new Command([condition], [Operation.Get(bytes), Operation.Put(bytes, System.Text.Encoding.UTF8.GetBytes(next))]));
            if (result.Status == CommandStatus.Done)
            {
                return;
            }
        }
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();
}
