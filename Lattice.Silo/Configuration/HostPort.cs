using System.Globalization;

namespace Lattice.Silo.Configuration;

/// <summary>An address as the configuration has it: <c>host:port</c>, an IPv6 host in brackets.</summary>
public static class HostPort
{
    /// <summary>Highest port.</summary>
    public const int MaxPort = 65_535;

    /// <summary>Splits an address.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static (string Host, int Port) Parse(string address) =>
        TryParse(address, out string host, out int port) ? (host, port) : throw new FormatException($"'{address}' is not host:port.");

    /// <summary>Puts an address together.</summary>
    public static string Format(string host, int port) => host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{host}]:{port}")
        : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");

    /// <summary>Splits an address; false when it is not one.</summary>
    public static bool TryParse(string address, out string host, out int port)
    {
        int colon = address.LastIndexOf(':');
        host = colon > 0 ? address[..colon].Trim('[', ']') : "";
        port = 0;
        return host.Length > 0
            && Uri.CheckHostName(host) != UriHostNameType.Unknown
            && int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port is >= 1 and <= MaxPort;
    }
}
