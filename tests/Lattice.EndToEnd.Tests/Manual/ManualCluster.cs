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

    private readonly List<MachineGate> gates;
    private readonly ITestOutputHelper output;
    private readonly TestStore store;
    private WriteLoad? writes;
    private ReadLoad? reads;

    private ManualCluster(ITestOutputHelper output, NamespacedMachine machine, ServiceManager services, List<MachineGate> gates, TestStore store)
    {
        this.output = output;
        this.gates = gates;
        this.store = store;
        (Machine, Services) = (machine, services);
    }

    public NamespacedMachine Machine { get; }

    public ServiceManager Services { get; }

    /// <summary>Starts the cluster, and the load.</summary>
    public static Task<ManualCluster> StartAsync(ITestOutputHelper output, params string[] settings) => StartAsync(output, apart: 0, settings);

    /// <summary>Starts the cluster, one of whose nodes has a network of its own (<see cref="NamespacedMachine.Cut"/>), and the load.</summary>
    public static async Task<ManualCluster> StartAsync(ITestOutputHelper output, int apart, params string[] settings)
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
        var cluster = new ManualCluster(output, machine, services, doors, await TestStore.ConnectAsync("lattice", doors.Select(g => g.Address)));
        cluster.WaitUntilHealthy();
        cluster.StartLoad();
        return cluster;
    }

    /// <summary>Runs a procedure of the manual, whole, and says how long clients had to wait meanwhile.</summary>
    /// <returns>What it printed.</returns>
    public string Follow(string procedure, bool underLoad = true) => Follow(procedure, [], underLoad);

    /// <summary>Runs a procedure of the manual in which some commands are expected to find nothing or to be refused.</summary>
    public string Follow(string procedure, string[] mayFail, bool underLoad = true)
    {
        ResetPauses();
        string text = File.ReadAllText(Path.Combine(Repository.Root, "tests/Lattice.EndToEnd.Tests/Manual/Procedures", procedure + ".sh"));
        string failures = $"/var/operator/{procedure}.failures";
        File.WriteAllText(Machine.PathOf("var/operator/procedure.sh"), $"trap 'echo \"$? $BASH_COMMAND\" >> {failures}' ERR\n{text}");
        ProcessResult result = Machine.Run("bash", "procedure.sh");
        if (underLoad)
        {
            ReportPauses(procedure);
        }

        output.WriteLine(result.ToString());
        string[] failed = File.Exists(Machine.PathOf(failures)) ? File.ReadAllLines(Machine.PathOf(failures)) : [];
        Assert.True(Array.TrueForAll(failed, f => Array.Exists(mayFail, f.Contains)), $"{string.Join('\n', failed)}\n{result}\n{Journals()}");
        return result.Output;
    }

    public void ResetPauses()
    {
        writes?.ResetGap();
        reads?.ResetGap();
    }

    public void WaitForWrites(int count) => writes!.WaitForMore(count);

    /// <summary>Says how long clients had to wait since <see cref="ResetPauses"/>.</summary>
    public void ReportPauses(string during)
    {
        writes!.WaitForMore(20);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{during}: longest pause of writes {writes.LongestGap.TotalMilliseconds:0} ms, of reads {reads!.LongestGap.TotalMilliseconds:0} ms"));
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

    public void StartLoad()
    {
        (writes, reads) = (new WriteLoad(store, Writers), new ReadLoad(store, Writers));
        writes.Start();
        reads.Start();
        writes.WaitForMore(100);
    }

    /// <summary>Ends the load: all that was acknowledged is there.</summary>
    public async Task VerifyAsync()
    {
        await StopLoadAsync();
        await VerifyAcknowledgedAsync();
    }

    public async Task StopLoadAsync()
    {
        await writes!.StopAsync();
        await reads!.StopAsync();
    }

    public Task VerifyAcknowledgedAsync() => writes!.VerifyAsync(store);

    public async ValueTask DisposeAsync()
    {
        if (writes is not null)
        {
            await writes.DisposeAsync();
            await reads!.DisposeAsync();
        }

        await store.DisposeAsync();
        gates.ForEach(g => g.Dispose());
        Services.Dispose();
        Machine.Dispose();
    }

    private string Journals() => string.Join('\n', Enumerable.Range(1, 3).Select(n => $"--- lattice@{n}\n{string.Join('\n', Services[n].Journal.TrimEnd().Split('\n').TakeLast(40))}"));
}
