using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Lattice.EndToEnd.Tests.Telemetry;

/// <summary>A span as it came.</summary>
internal sealed record CollectedSpan(string Trace, string Id, string Parent, string Name, string Scope);

/// <summary>A collector that speaks OTLP over HTTP, and keeps what it is sent.</summary>
internal sealed class OtlpCollector : IDisposable
{
    // Numbers of the fields of opentelemetry/proto: a request has resources, those have scopes, those have spans, metrics or records.
    private const int Resources = 1;
    private const int Scopes = 2;
    private const int Scope = 1;
    private const int ScopeName = 1;
    private const int Items = 2;

    private readonly HttpListener listener = new();
    private readonly ConcurrentQueue<CollectedSpan> spans = new();
    private readonly ConcurrentDictionary<string, bool> metrics = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> logs = new();
    private readonly Task serving;

    public OtlpCollector()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
        }

        listener.Prefixes.Add(Address + "/");
        listener.Start();
        serving = Task.Run(ServeAsync);
    }

    public string Address { get; }

    public IReadOnlyCollection<CollectedSpan> Spans => spans;

    /// <summary>Names of the metrics.</summary>
    public ICollection<string> Metrics => metrics.Keys;

    /// <summary>Texts of the log records.</summary>
    public IReadOnlyCollection<string> Logs => logs;

    public void Dispose()
    {
        listener.Stop();
        serving.Wait();
        listener.Close();
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                Take(context.Request.Url!.AbsolutePath, new ProtobufMessage(body.ToArray()));
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
            catch (HttpListenerException)
            {
                // The test is over, or a node that was killed did not wait for its answer.
                continue;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Take(string path, ProtobufMessage request)
    {
        foreach (ProtobufMessage scope in request.Messages(Resources).SelectMany(r => r.Messages(Scopes)))
        {
            string name = scope.Messages(Scope).Single().Text(ScopeName);
            foreach (ProtobufMessage item in scope.Messages(Items))
            {
                switch (path)
                {
                    case "/v1/traces":
                        spans.Enqueue(new CollectedSpan(item.Hex(1), item.Hex(2), item.Hex(4), item.Text(5), name));
                        break;
                    case "/v1/metrics":
                        metrics[item.Text(1)] = true;
                        break;
                    case "/v1/logs":
                        logs.Enqueue(item.Messages(5).Single().Text(1));
                        break;
                    default:
                        throw new InvalidDataException($"Nobody sends to {path}.");
                }
            }
        }
    }
}
