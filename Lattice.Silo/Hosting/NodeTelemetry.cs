using System.Globalization;
using System.Reflection;
using Lattice.Core.Telemetry;
using Lattice.Silo.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Lattice.Silo.Hosting;

/// <summary>
/// Metrics, traces and logs through OTLP, where an endpoint is given in <c>[telemetry]</c> or in the variables of OpenTelemetry. Without one no traces are made
/// and nothing of them is in the way of a request.
/// </summary>
internal static class NodeTelemetry
{
    // Grain calls of applications; those of Orleans' own grains are a source of their own.
    private const string GrainCalls = "Microsoft.Orleans.Application";

    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
    private const string Patience = "OTEL_EXPORTER_OTLP_TIMEOUT";

    // A node that stops waits for what it still has to say; it has to end within five seconds though nobody listens.
    private const int ExportTimeoutMs = 1500;

    /// <summary>Whether there is somebody to send to.</summary>
    public static bool IsOn(WebApplicationBuilder builder, NodeSettings settings) => settings.Telemetry.Endpoint is not null || !string.IsNullOrEmpty(builder.Configuration[Endpoint]);

    public static void AddTo(WebApplicationBuilder builder, NodeSettings settings)
    {
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                "lattice",
                settings.Cluster.Name,
                typeof(NodeTelemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
                autoGenerateServiceInstanceId: false,
                serviceInstanceId: Lattice.Grains.NodeInfo.SiloName(settings.Node)))
            .WithMetrics(metrics => MetricsEndpoint.AddTo(metrics.AddMeter(LatticeMeter.Name)));
        if (!IsOn(builder, settings))
        {
            return;
        }

        if (settings.Telemetry.Endpoint is { } endpoint)
        {
            builder.Configuration[Endpoint] = endpoint.OriginalString;
            builder.Configuration[Protocol] = settings.Telemetry.Protocol;
        }

        builder.Configuration[Patience] ??= ExportTimeoutMs.ToString(CultureInfo.InvariantCulture);
        telemetry
            .WithTracing(tracing => tracing
                .AddSource(LatticeActivity.Name, GrainCalls)
                .SetSampler(new ParentBasedSampler(new RequestSampler(settings.Telemetry.TraceOneIn))))
            .WithLogging(configureBuilder: null, logs => logs.IncludeFormattedMessage = true)
            .UseOtlpExporter();
    }
}
