using System.Diagnostics;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>The scripts of <c>deploy/</c>, run for real on a cluster.</summary>
[Trait("Share", "Full")]
public sealed class ScriptTests(ITestOutputHelper output)
{
    private static readonly string Deploy = Path.Combine(Repository.Root, "deploy");

    [SkippableFact]
    public async Task Maintenance_health_check_and_rolling_restart_do_what_they_say()
    {
        await using ManualCluster cluster = await ManualCluster.StartAsync(output);

        cluster.Shell("mkdir -p /var/backups/weekly; for f in node1-20200101 node7-20200101; do touch -d '40 days ago' /var/backups/weekly/$f.tar.gz; done");
        Assert.Contains("Would run: lattice backup 3", Script(cluster, 0, "weekly-maintenance.sh", "--dry-run"), StringComparison.Ordinal);
        Assert.Equal("", cluster.Shell("ls /var/lib/lattice/node-*/snapshots | grep '^snapshot' || true"));
        Script(cluster, 0, "weekly-maintenance.sh", "--bucket", "s3://lattice-backups/weekly");
        string kept = cluster.Shell("ls /var/backups/weekly /var/s3/lattice-backups/weekly");
        Assert.Equal(7, kept.Split('\n').Count(l => l.EndsWith(".tar.gz", StringComparison.Ordinal)));
        Assert.DoesNotContain("node1-20200101", kept, StringComparison.Ordinal);
        Assert.Contains("node7-20200101", kept, StringComparison.Ordinal);
        cluster.Shell("for node in 1 2 3; do lattice backup verify /var/backups/latest/node$node.tar.gz; done");

        Assert.Contains("Cluster healthy", Script(cluster, 0, "health-check.sh", "--webhook", "https://alarm.example", "--state", "/var/operator/health"), StringComparison.Ordinal);
        Assert.Equal(3, Script(cluster, 0, "rolling-restart.sh", "--dry-run").Split('\n').Count(l => l.StartsWith("Would restart", StringComparison.Ordinal)));
        cluster.ResetPauses();
        Assert.Contains("Rolling restart complete", Script(cluster, 0, "rolling-restart.sh"), StringComparison.Ordinal);
        cluster.ReportPauses("rolling-restart.sh");

        cluster.Shell("systemctl stop lattice@2");
        Script(cluster, 2, "rolling-restart.sh", "1");
        foreach (int _ in (int[])[1, 2])
        {
            Assert.Contains("Cluster degraded", Script(cluster, 1, "health-check.sh", "--webhook", "https://alarm.example", "--state", "/var/operator/health", "--retries", "1"), StringComparison.Ordinal);
        }

        Assert.Single(File.ReadAllLines(cluster.Machine.PathOf("/var/sent")), l => l.Contains("was healthy", StringComparison.Ordinal));
        Script(cluster, 1, "weekly-maintenance.sh");
        cluster.Shell("systemctl start lattice@2");
        cluster.WaitUntilHealthy();
        await cluster.VerifyAsync();
    }

    [SkippableFact]
    public void The_integration_tests_of_a_binary_run_beside_what_is_installed()
    {
        NamespacedMachine.SkipWhereImpossible();
        using var machine = new NamespacedMachine();
        File.Copy(Path.Combine(Deploy, "scripts/run-integration-tests.sh"), machine.PathOf("/var/operator/run-integration-tests.sh"));
        ProcessResult passed = machine.Run("./run-integration-tests.sh");
        Assert.True(passed.ExitCode == 0 && passed.Output.Contains("Integration tests passed", StringComparison.Ordinal), passed.ToString());
        Assert.NotEqual(0, machine.Run("./run-integration-tests.sh", "--binary", "/bin/false").ExitCode);
    }

    [SkippableFact]
    public void A_container_makes_its_configuration_from_its_environment()
    {
        NamespacedMachine.SkipWhereImpossible();
        using var machine = new NamespacedMachine();
        File.Copy(Path.Combine(Deploy, "container/entrypoint.sh"), machine.PathOf("/var/operator/entrypoint.sh"));
        using Process node = Process.Start(machine.Enter("env", "LATTICE_NODE=store-0", "LATTICE_NAME=store", $"LATTICE_PEERS=1={machine.AddressOf(1)}:5001", "./entrypoint.sh"))!;

        Eventually.Holds(() => machine.Run("lattice", "status"), r => r.Output.Contains("Cluster store: Healthy", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        machine.Run("curl", "http://localhost:9001/health/ready").AssertSucceeded();
        Assert.Equal("-rw-------", machine.Run("stat", "--format=%A", "/etc/lattice/node1.toml").Output.Trim());
    }

    [Fact]
    public void The_install_script_lays_everything_out_and_can_be_repeated()
    {
        string root = Directory.CreateTempSubdirectory("lattice-install-").FullName;
        try
        {
            Install(root, "--dry-run");
            Assert.Empty(Directory.GetFileSystemEntries(root));
            Install(root);
            Install(root);
            foreach (string file in (string[])["usr/local/bin/lattice", "usr/local/bin/lattice-health-check.sh", "etc/systemd/system/lattice@.service", "etc/systemd/system/lattice-weekly-maintenance.timer", "etc/logrotate.d/lattice"])
            {
                Assert.True(File.Exists(Path.Combine(root, file)), file);
            }

            Assert.True(Directory.Exists(Path.Combine(root, "var/lib/lattice")));
            ProcessResult.OfTool(Path.Combine(root, "usr/local/bin/lattice"), "--version").AssertSucceeded();
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [SkippableFact]
    public void ShellCheck_has_nothing_to_say()
    {
        Skip.IfNot(IsInstalled("shellcheck"), "shellcheck is not installed");
        string[] scripts = [.. Directory.GetFiles(Deploy, "*.sh", SearchOption.AllDirectories), .. Directory.GetFiles(Path.Combine(Repository.Root, "tests/Lattice.EndToEnd.Tests/Manual/Shims"))];
        ProcessResult.OfTool("shellcheck", scripts).AssertSucceeded();
    }

    [SkippableFact]
    public void Systemd_understands_the_units()
    {
        Skip.IfNot(IsInstalled("systemd-analyze"), "systemd is not installed");
        foreach (string unit in Directory.GetFiles(Path.Combine(Deploy, "systemd")))
        {
            // That nothing is installed on this machine is all that it may say.
            ProcessResult result = ProcessResult.OfTool("systemd-analyze", "verify", unit);
            Assert.DoesNotContain(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => l.Contains("lattice", StringComparison.Ordinal) && !l.Contains("is not executable", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_script_explains_itself_and_refuses_what_it_does_not_know()
    {
        foreach (string script in Directory.GetFiles(Deploy, "*.sh", SearchOption.AllDirectories))
        {
            ProcessResult help = ProcessResult.OfTool("bash", script, "--help");
            Assert.True(help.ExitCode == 0 && help.Output.StartsWith("Usage: ", StringComparison.Ordinal), help.ToString());
            Assert.Equal(64, ProcessResult.OfTool("bash", script, "--no-such-option").ExitCode);
        }
    }

    private static bool IsInstalled(string tool) => ProcessResult.OfTool("sh", "-c", $"command -v {tool}").ExitCode == 0;

    private static void Install(string root, params string[] options)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Deploy, "install.sh"), "--binary", LatticeBinary.Path, .. options]);
        start.Environment["DESTDIR"] = root;
        ProcessResult.Of(start, []).AssertSucceeded();
    }

    private static string Script(ManualCluster cluster, int exitCode, string script, params string[] arguments)
    {
        File.Copy(Path.Combine(Deploy, "scripts", script), cluster.Machine.PathOf($"/var/operator/{script}"), overwrite: true);
        ProcessResult result = cluster.Machine.Run(["bash", script, .. arguments]);
        Assert.True(result.ExitCode == exitCode, result.ToString());
        return result.Output;
    }
}
