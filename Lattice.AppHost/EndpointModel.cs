using System.Globalization;

namespace Lattice.AppHost;

/// <summary>A port that something of the cluster listens on, on this machine's loopback.</summary>
/// <param name="Name">What it is for.</param>
/// <param name="Scheme"><c>tcp</c> or <c>http</c>.</param>
/// <param name="Port">The port.</param>
internal sealed record EndpointModel(string Name, string Scheme, int Port)
{
    /// <summary><c>HOST:PORT</c>.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>The address as a URL; for HTTP.</summary>
    public Uri Url => new($"{Scheme}://{Address}");
}
