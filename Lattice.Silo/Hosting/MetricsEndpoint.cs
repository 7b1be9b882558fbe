using Lattice.Core.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace Lattice.Silo.Hosting;

/// <summary>What the node measures, for Prometheus: <c>/metrics</c> at <c>[metrics] address</c>.</summary>
internal static class MetricsEndpoint
{
    public static void AddTo(IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter(LatticeMeter.Name)
        .AddPrometheusExporter(o =>
        {
            // The names are those that the alerts of operators use, to the letter.
            o.DisableTotalNameSuffixForCounters = true;
            o.ScopeInfoEnabled = false;
        }));

    public static void Map(WebApplication app) => app.MapPrometheusScrapingEndpoint();
}
