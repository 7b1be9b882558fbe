using System.Collections.Concurrent;
using Lattice.Client;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>Changes what a stopped node holds, and asks that node for it afterwards.</summary>
internal static class Tampering
{
    /// <summary>The one data group of these clusters.</summary>
    public const uint Group = 1;

    public const string Settings = "[verification]\nboot_check = \"full\"\nredact_values = true\n";
    public const string Full = "boot_check = \"full\"";
    public const string Background = "boot_check = \"background\"";

    // Written once, and by none of the load.
    public const string Key = "account/7";
    public const string Removed = "account/removed";
    public const string Value = "100 coins";
    public const string Lie = "999 coins";

    /// <summary>Longest wait for anything, on a machine that has much to do.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<TestStore> StartAsync(TestCluster cluster)
    {
        cluster.StartAll();
        cluster.WaitUntilHealthy(Patience);
        TestStore store = await TestStore.ConnectAsync(cluster);
        await store.PutAsync(Key, "90 coins");
        await store.PutAsync(Key, Value);
        cluster.Run("put", "account/expiring", "1", "--ttl", "86400").AssertSucceeded();
        cluster.Run("put", Removed, Value).AssertSucceeded();
        cluster.Run("delete", Removed).AssertSucceeded();
        return store;
    }

    public static void Tamper(TestCluster cluster, int node, Action<StoppedState> tamper, bool isKilled = false)
    {
        if (isKilled)
        {
            cluster[node].Kill();
        }
        else
        {
            cluster[node].Terminate();
        }

        using var state = new StoppedState(cluster.DataOf(node), Group);
        tamper(state);
    }

    /// <summary>Asks this node, and no other, for the record again and again while it lives.</summary>
    public static async Task<ConcurrentBag<string?>> ReadUntilItEndsAsync(TestCluster cluster, int node)
    {
        var answers = new ConcurrentBag<string?>();
        while (cluster[node].IsRunning)
        {
            try
            {
                var options = new LatticeClientOptions { ClusterName = cluster.Name, RequestTimeout = TimeSpan.FromSeconds(2) };
                options.Gateways.Add(cluster.GatewayOf(node));
                await using LatticeClient client = await LatticeClient.ConnectAsync(options);
                while (cluster[node].IsRunning)
                {
                    answers.Add((await client.GetAsync(Key))?.Text);
                }
            }
            catch (Exception e) when (e is LatticeException or TimeoutException or OperationCanceledException)
            {
                // It is not up yet, does not answer, or has ended: no answer is no wrong answer.
                continue;
            }
        }

        return answers;
    }
}
