using System.Globalization;
using Lattice.Silo.Configuration;

namespace Lattice.Cli.Configuration;

/// <summary><c>ID=HOST:PORT</c>.</summary>
internal static class PeerArgument
{
    /// <summary>The peer, or null if the text is not one.</summary>
    public static PeerSettings? Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            && int.TryParse(text.AsSpan(0, equals), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id > 0
            && HostPort.TryParse(text[(equals + 1)..], out _, out _)
            ? PeerSettings.WithDefaultGateway(id, text[(equals + 1)..])
            : null;
    }
}
