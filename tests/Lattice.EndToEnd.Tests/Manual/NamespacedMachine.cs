using System.Diagnostics;
using System.Globalization;
using System.Net;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>
/// A machine of its own for commands that name absolute paths and fixed ports: namespaces of Linux, in which <c>/etc</c>, <c>/var</c>, <c>/tmp</c> and <c>/usr/local/bin</c>
/// are folders of the test, all ports are free, and everything that runs ends with the test.
/// </summary>
internal sealed class NamespacedMachine : IDisposable
{
    /// <summary>The user that the unit file names.</summary>
    public const int ServiceUser = 64_990;

    private const string SearchPath = "/var/shims:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private const string Preparation = """
        set -e
        mount --make-rprivate /
        mount -t proc proc /proc
        ip link set lo up
        for n in 1 2 3 4 5 6 7 8 9; do ip address add 10.0.1.1$n/32 dev lo; done
        mount --bind "$ROOT/etc" /etc
        mount --bind "$ROOT/usr/local/bin" /usr/local/bin
        mount --bind "$CACHE" "$ROOT/var/cache/lattice"
        mount --rbind "$ROOT/var" /var
        mount --bind "$ROOT/tmp" /tmp
        echo ready
        while read -r line; do :; done
        """;

    private readonly Process holder;

    // The addresses of the nodes are loopback's, so that a client of the test can use them too; other test runs have other ones.
    private readonly string network = string.Create(CultureInfo.InvariantCulture, $"127.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(1, 255)}.1");

    public NamespacedMachine()
    {
        Root = Directory.CreateTempSubdirectory("lattice-manual-").FullName;
        foreach (string folder in (string[])["usr/local/bin", "tmp", "var/lib/lattice", "var/log/lattice", "var/log/journal", "var/backups", "var/cache/lattice", "var/tmp", "var/manager", "var/operator", "var/shims"])
        {
            Directory.CreateDirectory(PathOf(folder));
        }

        // Unpacked once for all tests.
        string cache = Path.Combine(Path.GetTempPath(), "lattice-e2e-unpacked");
        Directory.CreateDirectory(cache);
        string shims = Path.Combine(Repository.Root, "tests/Lattice.EndToEnd.Tests/Manual/Shims");
        Prepare("cp", "-a", "/etc", Root);
        Prepare("cp", "-a", $"{shims}/.", PathOf("var/shims"));
        Prepare("cp", LatticeBinary.Path, PathOf("usr/local/bin/lattice"));
        Directory.CreateDirectory(PathOf("etc/lattice"));
        File.AppendAllText(PathOf("etc/passwd"), string.Create(CultureInfo.InvariantCulture, $"lattice:x:{ServiceUser}:{ServiceUser}::/var/lib/lattice:/usr/sbin/nologin\n"));
        File.AppendAllText(PathOf("etc/group"), string.Create(CultureInfo.InvariantCulture, $"lattice:x:{ServiceUser}:\n"));
        foreach (string owned in (string[])[cache, PathOf("var/lib/lattice"), PathOf("var/log/lattice")])
        {
            Prepare("chown", string.Create(CultureInfo.InvariantCulture, $"{ServiceUser}:{ServiceUser}"), owned);
        }

        Prepare("chmod", "a+rx", Root);
        var start = new ProcessStartInfo("unshare", ["--mount", "--net", "--pid", "--fork", "--kill-child", "bash", "-c", Preparation])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        (start.Environment["ROOT"], start.Environment["CACHE"]) = (Root, cache);
        holder = Process.Start(start)!;
        if (holder.StandardOutput.ReadLine() != "ready")
        {
            throw new InvalidOperationException($"The machine could not be made: {holder.StandardError.ReadToEnd()}");
        }

        Init = ProcessTree.ChildOf(holder.Id)!.Value;
    }

    /// <summary>Why this host cannot do it; null if it can.</summary>
    private static string? Obstacle { get; } = FindObstacle();

    /// <summary>What stands for <c>/</c>, as seen from outside.</summary>
    public string Root { get; }

    /// <summary>Process 1 of the machine, by its number outside.</summary>
    public int Init { get; }

    /// <summary>Skips the test on a host that cannot do it, unless LATTICE_REQUIRE_NAMESPACES=1 says that it must.</summary>
    public static void SkipWhereImpossible() =>
        Skip.If(Obstacle is not null && Environment.GetEnvironmentVariable("LATTICE_REQUIRE_NAMESPACES") is not "1", Obstacle);

    /// <summary>The address of a node, which has the same meaning outside.</summary>
    public IPAddress AddressOf(int node) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"{network}{node}"));

    /// <summary>A file of the machine as seen from outside.</summary>
    public string PathOf(string absolute) => Path.Combine(Root, absolute.TrimStart('/'));

    /// <summary>How to start a process on the machine.</summary>
    public ProcessStartInfo Enter(params string[] command)
    {
        var start = new ProcessStartInfo("nsenter", ["--target", Init.ToString(CultureInfo.InvariantCulture), "--mount", "--net", "--pid", "env", "--chdir=/var/operator", .. command]);
        start.Environment["PATH"] = SearchPath;
        start.Environment["NETWORK"] = network;
        start.Environment.Remove("TMPDIR");
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("LATTICE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }

    /// <summary>Runs a command to its end.</summary>
    public ProcessResult Run(params string[] command) => ProcessResult.Of(Enter(command), []);

    public void Dispose()
    {
        // Ends process 1, and with it all others.
        holder.StandardInput.Close();
        if (!holder.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            holder.Kill(entireProcessTree: true);
            holder.WaitForExit();
        }

        holder.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "needs root on Linux, for namespaces of mounts, network and processes";
        }

        ProcessResult probe = ProcessResult.OfTool("unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", "mount --make-rprivate / && mount -t proc proc /proc && ip link set lo up");
        return probe.ExitCode == 0 ? null : $"namespaces cannot be made here: {probe.Errors}";
    }

    private static void Prepare(string tool, params string[] arguments) => ProcessResult.OfTool(tool, arguments).AssertSucceeded();
}
