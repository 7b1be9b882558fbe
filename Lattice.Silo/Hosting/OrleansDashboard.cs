using Lattice.Silo.Configuration;
using Microsoft.AspNetCore.Builder;
using Orleans.Dashboard;

namespace Lattice.Silo.Hosting;

/// <summary>Orleans' own dashboard beside the operator's page, where it is wanted (<c>[telemetry] orleans_dashboard</c>).</summary>
internal static class OrleansDashboard
{
    private const string Path = "/orleans";

    public static void AddTo(ISiloBuilder silo, NodeSettings settings)
    {
        if (settings.OrleansDashboard)
        {
            // The log has its own readers, and says more than belongs on a page.
            silo.AddDashboard(o => o.HideTrace = true);
        }
    }

    public static void Map(WebApplication app, NodeSettings settings)
    {
        if (settings.OrleansDashboard)
        {
            app.MapOrleansDashboard(Path);
        }
    }
}
