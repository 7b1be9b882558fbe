using System.Globalization;

namespace Lattice.AppHost;

/// <summary>The sample web service, which keeps its records in the cluster.</summary>
/// <param name="Name">Name of the resource.</param>
/// <param name="Port">Port that it listens on.</param>
internal sealed record ServiceModel(string Name, int Port)
{
    /// <summary>The service on loopback.</summary>
    public static ServiceModel OnLoopback { get; } = new("web-service", 8080);

    /// <summary>Where it listens.</summary>
    public EndpointModel Http => new("http", "http", Port);

    /// <summary>Its settings beside the gateways, as environment variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["Lattice__ClusterName"] = "lattice" };

    /// <summary>Environment variable for one of the cluster's gateways.</summary>
    /// <param name="place">Its place in the list, from 0.</param>
    public static string GatewayVariable(int place) => string.Create(CultureInfo.InvariantCulture, $"Lattice__Gateways__{place}");
}
