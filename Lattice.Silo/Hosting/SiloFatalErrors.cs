using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Hosting;

/// <summary>
/// What happens when Orleans finds that the silo cannot go on, mostly because the other silos took it for dead while it was paused. By itself
/// Orleans ends the process on the spot with a memory dump; here the node stops as it does when asked to, which closes its log in order, and ends with
/// an exit code that has it started again.
/// </summary>
internal sealed partial class SiloFatalErrors(FatalReason fatal, IHostApplicationLifetime lifetime, ILogger<SiloFatalErrors> logger) : IFatalErrorHandler
{
    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        if (fatal.TrySet(new SiloFailedException(context ?? sender?.ToString() ?? "", exception)))
        {
            LogSiloFailed(context, exception);
            lifetime.StopApplication();
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The node stops, since its silo cannot go on: {Context} When the other nodes took it for dead, it was paused, overloaded or cut off for several seconds. Nothing is lost; start it again and it catches up by itself")]
    private partial void LogSiloFailed(string? context, Exception? exception);
}

/// <summary>The silo cannot go on.</summary>
internal sealed class SiloFailedException(string message, Exception? inner) : Exception(message, inner);

/// <summary>Why the node had to stop; nothing when it was asked to.</summary>
internal sealed class FatalReason
{
    private Exception? reason;

    public Exception? Reason => Volatile.Read(ref reason);

    /// <summary>Sets the reason, unless there is one already.</summary>
    public bool TrySet(Exception why) => Interlocked.CompareExchange(ref reason, why, null) is null;
}
