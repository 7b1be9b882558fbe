using System.Diagnostics;
using System.Globalization;
using System.Net;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>
/// A machine of its own for commands that name absolute paths and fixed ports: namespaces of Linux, in which <c>/etc</c>, <c>/var</c>, <c>/tmp</c> and <c>/usr/local/bin</c>
/// are folders of the test, all ports are free, and everything that runs ends with the test. One node may stand apart: it has a network of its own, joined to that of the
/// others by a cable that can be cut, which the two ends do not notice otherwise than by silence.
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
        if [ "$APART" != 0 ]; then
            touch /var/manager/apart
            unshare --net="/var/manager/apart" true
            ip link add cable type veth peer name far
            there() { nsenter --net=/var/manager/apart "$@"; }
            ip link set far netns /var/manager/apart
            there ip link set far name cable
            there ip link set lo up
            # Addresses of loopback are routed between the two like others.
            for place in "" there; do
                $place bash -c 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet; echo 1 > /proc/sys/net/ipv4/conf/cable/route_localnet'
                $place ip address del 127.0.0.1/8 dev lo
                $place ip address add 127.0.0.1/32 dev lo
                $place ip link set cable up
            done
            there ip address add "$NETWORK$APART/32" dev lo
            for n in 1 2 3 4; do
                [ $n != "$APART" ] || continue
                ip address add "$NETWORK$n/32" dev lo
                there ip route add "$NETWORK$n/32" dev cable src "$NETWORK$APART"
            done
            ip route add "$NETWORK$APART/32" dev cable src "${NETWORK}1"
            here=$(ip -brief link show cable | awk '{ print $3 }')
            far=$(there ip -brief link show cable | awk '{ print $3 }')
        fi
        echo ready
        # A cable that is cut carries what is sent to somebody who is not there.
        while read -r wish; do
            [ "$wish" = join ] && to_far=$far to_here=$here || to_far=02:00:00:00:00:01 to_here=02:00:00:00:00:01
            ip neigh replace "$NETWORK$APART" lladdr "$to_far" dev cable nud permanent
            for n in 1 2 3 4; do
                [ $n = "$APART" ] || there ip neigh replace "$NETWORK$n" lladdr "$to_here" dev cable nud permanent
            done
            echo done
        done
        """;

    private readonly Process holder;

    // The addresses of the nodes are loopback's, so that a client of the test can use them too; other test runs have other ones.
    private readonly string network = string.Create(CultureInfo.InvariantCulture, $"127.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(1, 255)}.1");

    private readonly int apart;

    /// <summary>Makes the machine.</summary>
    /// <param name="apart">The node that stands apart; 0: none does.</param>
    public NamespacedMachine(int apart = 0)
    {
        this.apart = apart;
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
        (start.Environment["APART"], start.Environment["NETWORK"]) = (apart.ToString(CultureInfo.InvariantCulture), network);
        holder = Process.Start(start)!;
        if (holder.StandardOutput.ReadLine() != "ready")
        {
            throw new InvalidOperationException($"The machine could not be made: {holder.StandardError.ReadToEnd()}");
        }

        Init = ProcessTree.ChildOf(holder.Id)!.Value;
        if (apart != 0)
        {
            Join();
        }
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

    /// <summary>The network of a node, for those outside.</summary>
    public string NetworkOf(int node) => node == apart ? $"/proc/{Init}/root/var/manager/apart" : $"/proc/{Init}/ns/net";

    /// <summary>Cuts the cable: from here on the node apart and the others do not hear of each other.</summary>
    public void Cut() => Wish("cut");

    /// <summary>Joins the cable again.</summary>
    public void Join() => Wish("join");

    /// <summary>How to start a process where a node has its network.</summary>
    public ProcessStartInfo EnterAt(int node, params string[] command) =>
        Enter(node == apart ? ["nsenter", "--net=/var/manager/apart", .. command] : command);

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

    private void Wish(string wish)
    {
        holder.StandardInput.WriteLine(wish);
        holder.StandardInput.Flush();
        if (holder.StandardOutput.ReadLine() != "done")
        {
            throw new InvalidOperationException($"The cable could not be cut or joined: {holder.StandardError.ReadToEnd()}");
        }
    }

    private static void Prepare(string tool, params string[] arguments) => ProcessResult.OfTool(tool, arguments).AssertSucceeded();
}
