using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>A cluster that has done a bit of everything that is measured, so that each metric has been.</summary>
public sealed class MeasuredCluster : IDisposable
{
    public MeasuredCluster()
    {
        Cluster = new TestCluster(extra: "[storage]\nsnapshot_interval = 100\nmax_wal_size_mb = 1\n");
        Cluster.StartAll();
        Cluster.WaitUntilHealthy();
        Cluster.Run("benchmark", "2", "--clients", "16", "--read-ratio", "0.2").AssertSucceeded();
        Cluster.Run("backup", "1", Path.Combine(Cluster.Root, "node1.tar.gz")).AssertSucceeded();
    }

    internal TestCluster Cluster { get; }

    public void Dispose() => Cluster.Dispose();
}
