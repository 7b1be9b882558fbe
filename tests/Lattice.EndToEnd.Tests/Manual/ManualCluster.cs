using System.Globalization;
using System.Net;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>
/// A cluster as the operations manual supposes it, nodes 1 to 3, each a unit of the service manager, under a light load whose clients remember what was acknowledged.
/// Procedures of the manual are run on it to the letter.
/// </summary>
internal sealed class ManualCluster : IAsyncDisposable
{
    private const int MostNodes = 4;
    private const int Writers = 2;
    private const int GatewayPort = 30_001;

    // What the manual plans is hardly noticed by clients.
    private static readonly TimeSpan LongestPlannedPause = TimeSpan.FromSeconds(2);

    private readonly List<MachineGate> gates;
    private readonly ITestOutputHelper output;
    private readonly TestStore store;
    private readonly TimeSpan pace;
    private readonly List<(WriteLoad Writes, ReadLoad Reads)> loads = [];

    private ManualCluster(ITestOutputHelper output, NamespacedMachine machine, ServiceManager services, List<MachineGate> gates, TestStore store, TimeSpan pace)
    {
        this.output = output;
        this.gates = gates;
        this.store = store;
        this.pace = pace;
        (Machine, Services) = (machine, services);
    }

    public NamespacedMachine Machine { get; }

    public ServiceManager Services { get; }

    /// <summary>The load as it is now.</summary>
    private (WriteLoad Writes, ReadLoad Reads) Load => loads[^1];

    /// <summary>Starts the cluster, and the load.</summary>
    public static Task<ManualCluster> StartAsync(ITestOutputHelper output, params string[] settings) => StartAsync(output, apart: 0, pace: default, settings);

    /// <summary>Starts the cluster, one of whose nodes may have a network of its own (<see cref="NamespacedMachine.Cut"/>), and a load whose clients rest now and then.</summary>
    public static async Task<ManualCluster> StartAsync(ITestOutputHelper output, int apart, TimeSpan pace, params string[] settings)
    {
        NamespacedMachine.SkipWhereImpossible();
        var machine = new NamespacedMachine(apart);
        var services = new ServiceManager(machine);
        string[] peers = [.. Enumerable.Range(1, 3).SelectMany(n => (string[])["--peer", $"{n}={machine.AddressOf(n)}:5001"])];
        for (int node = 1; node <= 3; node++)
        {
            machine.Run(["lattice", "config", "generate", $"{node}", $"/etc/lattice/node{node}.toml", .. peers]).AssertSucceeded();
            machine.Run(["edit", $"/etc/lattice/node{node}.toml", .. settings]).AssertSucceeded();
        }

        foreach (string file in (string[])["lattice", "lattice-v2.0"])
        {
            machine.Run("cp", "/usr/local/bin/lattice", file).AssertSucceeded();
        }

        foreach (string script in (string[])["rolling-restart.sh", "run-integration-tests.sh"])
        {
            File.Copy(Path.Combine(Repository.Root, "deploy/scripts", script), machine.PathOf($"/var/operator/{script}"));
        }

        machine.Run("bash", "-c", "for node in 1 2 3; do systemctl start lattice@$node & done; wait").AssertSucceeded();
        List<MachineGate> doors = [.. Enumerable.Range(1, MostNodes).Select(n => new MachineGate(machine, n, new IPEndPoint(machine.AddressOf(n), GatewayPort)))];
        var cluster = new ManualCluster(output, machine, services, doors, await TestStore.ConnectAsync("lattice", doors.Select(g => g.Address)), pace);
        cluster.WaitUntilHealthy();
        cluster.StartLoad();
        return cluster;
    }

    /// <summary>Runs a procedure that the manual plans, whole; clients hardly have to wait meanwhile.</summary>
    /// <param name="procedure">Its name.</param>
    /// <param name="mayFail">Commands of it that may find nothing, or be refused.</param>
    /// <returns>What it printed.</returns>
    public string FollowAsPlanned(string procedure, params string[] mayFail)
    {
        string printed = Follow(procedure, mayFail);
        AssertHardlyNoticed(procedure);
        return printed;
    }

    /// <summary>Runs a procedure of the manual, whole, and says how long clients had to wait meanwhile.</summary>
    /// <param name="procedure">Its name.</param>
    /// <param name="mayFail">Commands of it that may find nothing, or be refused.</param>
    /// <returns>What it printed.</returns>
    public string Follow(string procedure, params string[] mayFail)
    {
        ResetPauses();
        string printed = Run(procedure, mayFail);
        ReportPauses(procedure);
        return printed;
    }

    /// <summary>Runs a procedure of the manual, whole, while no client is at work.</summary>
    public string FollowWithoutClients(string procedure, params string[] mayFail) => Run(procedure, mayFail);

    public void ResetPauses()
    {
        Load.Writes.ResetGap();
        Load.Reads.ResetGap();
    }

    public void WaitForWrites(int count) => Load.Writes.WaitForMore(count);

    /// <summary>Says how long clients had to wait since <see cref="ResetPauses"/>.</summary>
    public void ReportPauses(string during)
    {
        Load.Writes.WaitForMore(20);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{during}: longest pause of writes {Load.Writes.LongestGap.TotalMilliseconds:0} ms, of reads {Load.Reads.LongestGap.TotalMilliseconds:0} ms"));
    }

    /// <summary>Clients had to wait no longer than what is planned may take, since <see cref="ResetPauses"/>.</summary>
    public void AssertHardlyNoticed(string during)
    {
        TimeSpan longest = Load.Writes.LongestGap > Load.Reads.LongestGap ? Load.Writes.LongestGap : Load.Reads.LongestGap;
        Assert.True(longest <= LongestPlannedPause, $"{during}: clients had to wait {longest.TotalMilliseconds:0} ms\n{Journals()}");
    }

    /// <summary>Runs a line of the shell that has to succeed.</summary>
    public string Shell(string line)
    {
        ProcessResult result = Machine.Run("bash", "-c", line);
        Assert.True(result.ExitCode == 0, $"{line}: {result}\n{Journals()}");
        return result.Output;
    }

    public void WaitUntilHealthy(string contains = "Healthy") =>
        Eventually.Holds(() => Machine.Run("lattice", "status"), r => r.Output.Contains("Healthy", StringComparison.Ordinal) && r.Output.Contains(contains, StringComparison.Ordinal), TimeSpan.FromSeconds(60), Journals);

    /// <summary>Starts clients; what earlier ones wrote is remembered.</summary>
    public void StartLoad()
    {
        var writes = new WriteLoad(store, Writers, loads.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{loads.Count}/"), pace);
        loads.Add((writes, new ReadLoad(store, writes, Writers, pace)));
        Load.Writes.Start();
        Load.Reads.Start();
        Load.Writes.WaitForMore(100);
    }

    /// <summary>Ends the load: all that was acknowledged is there.</summary>
    public async Task VerifyAsync()
    {
        await StopLoadAsync();
        await VerifyAcknowledgedAsync();
    }

    public async Task StopLoadAsync()
    {
        await Load.Writes.StopAsync();
        await Load.Reads.StopAsync();
    }

    public async Task VerifyAcknowledgedAsync()
    {
        foreach ((WriteLoad writes, _) in loads)
        {
            await writes.VerifyAsync(store);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((WriteLoad writes, ReadLoad reads) in loads)
        {
            await writes.DisposeAsync();
            await reads.DisposeAsync();
        }

        await store.DisposeAsync();
        gates.ForEach(g => g.Dispose());
        Services.Dispose();
        Machine.Dispose();
    }

    private string Run(string procedure, string[] mayFail)
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "tests/Lattice.EndToEnd.Tests/Manual/Procedures", procedure + ".sh"));
        string failures = $"/var/operator/{procedure}.failures";
        File.Delete(Machine.PathOf(failures));
        File.WriteAllText(Machine.PathOf("var/operator/procedure.sh"), $"trap 'echo \"$? $BASH_COMMAND\" >> {failures}' ERR\n{text}");
        ProcessResult result = Machine.Run("bash", "procedure.sh");
        output.WriteLine(result.ToString());
        string[] failed = File.Exists(Machine.PathOf(failures)) ? File.ReadAllLines(Machine.PathOf(failures)) : [];
        Assert.True(Array.TrueForAll(failed, f => Array.Exists(mayFail, f.Contains)), $"{string.Join('\n', failed)}\n{result}\n{Journals()}");
        return result.Output;
    }

    private string Journals() => string.Join('\n', Enumerable.Range(1, 3).Select(n => $"--- lattice@{n}\n{string.Join('\n', Services[n].Journal.TrimEnd().Split('\n').TakeLast(40))}"));
}
