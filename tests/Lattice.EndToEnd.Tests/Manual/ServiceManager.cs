using System.Collections.Concurrent;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>
/// What stands for systemd on a <see cref="NamespacedMachine"/>: carries out what its <c>systemctl</c> asks for, with real processes and as the product's unit file says.
/// </summary>
internal sealed class ServiceManager : IDisposable
{
    private const int NotActive = 3;

    private readonly ConcurrentDictionary<string, Service> services = new(StringComparer.Ordinal);
    private readonly NamespacedMachine machine;
    private readonly FileStream requests;

    public ServiceManager(NamespacedMachine machine)
    {
        this.machine = machine;
        string fifo = machine.PathOf("var/manager/requests");
        ProcessResult.OfTool("mkfifo", fifo).AssertSucceeded();

        // Open for writing too, so that it never comes to its end.
        requests = new FileStream(fifo, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
        new Thread(Serve) { IsBackground = true, Name = "service manager" }.Start();
    }

    public Service this[int node] => Of($"lattice@{node}");

    public void Dispose()
    {
        foreach (Service service in services.Values)
        {
            service.Dispose();
        }

        File.WriteAllText(machine.PathOf("var/manager/requests"), "end\n");
    }

    private Service Of(string unit) => services.GetOrAdd(unit.Replace(".service", "", StringComparison.Ordinal), name => new Service(machine, name));

    private void Serve()
    {
        using var reader = new StreamReader(requests);
        while (reader.ReadLine() is { } line && line != "end")
        {
            string[] words = line.Split(' ');
            new Thread(() => Answer(words[0], words[1], words.Length > 2 ? words[2] : "")) { IsBackground = true, Name = line }.Start();
        }
    }

    private void Answer(string reply, string verb, string unit)
    {
        (int exitCode, string text) = verb switch
        {
            "count-active" => (0, $"{services.Values.Count(s => s.IsActive)}"),
            "start" => Of(unit).Start(),
            "stop" => (Of(unit).Stop(), ""),
            "restart" => Restart(Of(unit)),
            "kill" => (Of(unit).Kill(), ""),
            "is-active" => Of(unit).IsActive ? (0, "active") : (NotActive, Of(unit).State),
            "status" => (Of(unit).IsActive ? 0 : NotActive, Of(unit).Describe()),
            "daemon-reload" or "enable" => (0, ""),
            _ => (1, $"Unknown command verb {verb}."),
        };
        File.WriteAllText(machine.PathOf(reply), $"{text}\n{exitCode}");
    }

    private static (int ExitCode, string Text) Restart(Service service)
    {
        service.Stop();
        return service.Start();
    }
}
