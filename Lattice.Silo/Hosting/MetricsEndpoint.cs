using Microsoft.AspNetCore.Builder;
using OpenTelemetry.Metrics;

namespace Lattice.Silo.Hosting;

/// <summary>What the node measures, for Prometheus: <c>/metrics</c> at <c>[metrics] address</c>.</summary>
internal static class MetricsEndpoint
{
    public static void AddTo(MeterProviderBuilder metrics) => metrics.AddPrometheusExporter(o =>
    {
        // The names are those that the alerts of operators use, to the letter.
        o.DisableTotalNameSuffixForCounters = true;
        o.ScopeInfoEnabled = false;
    });

    /// <summary>
    /// Always in Prometheus' older format, whatever the reader prefers: in OpenMetrics every counter ends in <c>_total</c>, and the operators' alerts know
    /// <c>lattice_errors_divergences</c>.
    /// </summary>
    public static void Map(WebApplication app) => app.MapPrometheusScrapingEndpoint("/metrics", meterProvider: null, configureBranchedPipeline: branch => branch.Use((context, next) =>
    {
        context.Request.Headers.Accept = "text/plain";
        return next(context);
    }), optionsName: null);
}
