using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Lattice.EndToEnd.Tests.Harness;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>A real Prometheus (Debian package) with the files of <c>deploy/prometheus</c>; only the nodes' addresses and the interval of looking at them are the test's.</summary>
internal sealed class PrometheusServer : IDisposable
{
    private readonly HttpClient http = new();
    private readonly string folder = Directory.CreateTempSubdirectory("lattice-prometheus-").FullName;
    private readonly Process process;
    private readonly string address;

    public PrometheusServer(TestCluster cluster)
    {
        address = $"127.0.0.1:{FreePort()}";
        string sources = Path.Combine(Repository.Root, "deploy/prometheus");
        string text = File.ReadAllText(Path.Combine(sources, "prometheus.yml")).Replace("scrape_interval: 5s", "scrape_interval: 1s", StringComparison.Ordinal);
        foreach (int node in cluster.Nodes)
        {
            text = text.Replace($"127.0.0.1:900{node}", cluster.MetricsOf(node), StringComparison.Ordinal);
        }

        File.WriteAllText(Path.Combine(folder, "prometheus.yml"), text);
        File.Copy(Path.Combine(sources, "prometheus-alerts.yml"), Path.Combine(folder, "prometheus-alerts.yml"));
        var start = new ProcessStartInfo("prometheus", [$"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address={address}", "--log.level=warn"]) { RedirectStandardError = true };
        process = Process.Start(start)!;
        process.BeginErrorReadLine();
        Eventually.Holds(IsReady, ready => ready, TimeSpan.FromSeconds(30));
    }

    /// <summary>Skips the test where Prometheus is not installed, unless <c>LATTICE_REQUIRE_PROMETHEUS=1</c>.</summary>
    public static void SkipWhereMissing() =>
        Skip.If(!File.Exists("/usr/bin/promtool") && Environment.GetEnvironmentVariable("LATTICE_REQUIRE_PROMETHEUS") != "1", "Prometheus (Debian package prometheus) is not installed.");

    /// <summary>The answer to a query: the value of each series, by its label <c>instance</c>.</summary>
    public Dictionary<string, double> Query(string expression)
    {
        using JsonDocument answer = Get($"/api/v1/query?query={Uri.EscapeDataString(expression)}");
        return answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().ToDictionary(
            r => r.GetProperty("metric").TryGetProperty("instance", out JsonElement instance) ? instance.GetString()! : "",
            r => double.Parse(r.GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture),
            StringComparer.Ordinal);
    }

    /// <summary>The names of the alerts that Prometheus has.</summary>
    public List<string> Rules()
    {
        using JsonDocument answer = Get("/api/v1/rules?type=alert");
        return [.. answer.RootElement.GetProperty("data").GetProperty("groups").EnumerateArray().SelectMany(g => g.GetProperty("rules").EnumerateArray()).Select(r => r.GetProperty("name").GetString()!)];
    }

    /// <summary>The alerts that fire, as name and node.</summary>
    public List<string> Firing()
    {
        using JsonDocument answer = Get("/api/v1/alerts");
        return [.. answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray()
            .Where(a => a.GetProperty("state").GetString() == "firing")
            .Select(a => a.GetProperty("labels"))
            .Select(l => $"{l.GetProperty("alertname").GetString()} {(l.TryGetProperty("instance", out JsonElement instance) ? instance.GetString() : "")}".TrimEnd())];
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private bool IsReady()
    {
        try
        {
            using HttpResponseMessage answer = http.Send(new HttpRequestMessage(HttpMethod.Get, $"http://{address}/-/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException e) when (process.HasExited)
        {
            throw new InvalidOperationException($"prometheus ended with {process.ExitCode}.", e);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private JsonDocument Get(string path)
    {
        using HttpResponseMessage answer = http.Send(new HttpRequestMessage(HttpMethod.Get, $"http://{address}{path}"));
        answer.EnsureSuccessStatusCode();
        return JsonDocument.Parse(answer.Content.ReadAsStream());
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
