using System.Diagnostics.Metrics;
using System.Net;
using Lattice.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Security;

/// <summary>Why something was not let in, for the metric; a fixed few.</summary>
internal enum AccessReason
{
    TokenMissing,
    TokenUnknown,
    TokenRevoked,
    TokenExpired,
    RoleTooLow,
    Certificate,
    Secret,
    Protocol,
}

/// <summary>
/// Tells in the log, and counts, what was not let in. All lines have the word that operators search for, and no other line of a node has it. Whoever knocks very often does not fill the log: after a few lines there is one a second at most, which says how many were left out.
/// </summary>
internal sealed partial class AccessLog : IDisposable
{
    // A whole cluster's worth of clients with an old token shows as itself; a flood does not.
    private const int Burst = 100;

    private readonly Meter meter = new(LatticeMeter.Name);
    private readonly Counter<long> denied;
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly ILogger<AccessLog> logger;
    private double room = Burst;
    private long refilledAt;
    private long leftOut;

    public AccessLog(TimeProvider time, ILogger<AccessLog> logger)
    {
        (this.time, this.logger) = (time, logger);
        refilledAt = time.GetTimestamp();
        denied = meter.CreateCounter<long>("lattice_access_denied", description: "Calls and connections that were not let in, by reason.");
    }

    /// <summary>A call was not let in.</summary>
    public void Call(AccessReason reason, string what, string who, string where, string why) => Note(reason, what, who, where, why);

    /// <summary>A connection was not let in.</summary>
    public void Connection(AccessReason reason, string what, EndPoint? where, string why) => Note(reason, what, "somebody", where?.ToString() ?? "an unknown place", why);

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private void Note(AccessReason reason, string what, string who, string where, string why)
    {
        denied.Add(1, new KeyValuePair<string, object?>("reason", NameOf(reason)));
        if (!TryTakeRoom(out long before))
        {
            return;
        }

        if (before > 0)
        {
            LogLeftOut(before);
        }

        LogDenied(what, who, where, why);
    }

    private bool TryTakeRoom(out long before)
    {
        lock (gate)
        {
            long now = time.GetTimestamp();
            room = Math.Min(Burst, room + time.GetElapsedTime(refilledAt, now).TotalSeconds);
            refilledAt = now;
            before = leftOut;
            if (room < 1)
            {
                leftOut++;
                return false;
            }

            room--;
            leftOut = 0;
            return true;
        }
    }

    private static string NameOf(AccessReason reason) => reason switch
    {
        AccessReason.TokenMissing => "token-missing",
        AccessReason.TokenUnknown => "token-unknown",
        AccessReason.TokenRevoked => "token-revoked",
        AccessReason.TokenExpired => "token-expired",
        AccessReason.RoleTooLow => "role-too-low",
        AccessReason.Certificate => "certificate",
        AccessReason.Secret => "secret",
        _ => "protocol",
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Access denied: {What}, by {Who}, from {Where}: {Why}")]
    private partial void LogDenied(string what, string who, string where, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Access denied {Count} more times, too often to tell each")]
    private partial void LogLeftOut(long count);
}
