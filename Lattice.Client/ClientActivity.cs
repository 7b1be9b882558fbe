using System.Diagnostics;

namespace Lattice.Client;

/// <summary>The activities of the client, for applications that make traces. Without a listener they cost nothing.</summary>
public static class ClientActivity
{
    /// <summary>Name of the source, which the nodes' has too: <c>AddSource(ClientActivity.SourceName)</c> in the application's tracing.</summary>
    public const string SourceName = "Lattice";

    internal static ActivitySource Source { get; } = new(SourceName);

    /// <summary>What asks for something, if it is in a trace.</summary>
    internal static ActivityContext Caller => Source.HasListeners() && Activity.Current is { Recorded: true } current ? current.Context : default;

    /// <summary>A call that carries the requests of several callers: it is in the trace of the first that is in one, and linked with the others'.</summary>
    /// <param name="name">What is called.</param>
    /// <param name="group">The group.</param>
    /// <param name="callers">Who asked; the default value for those who are in no trace.</param>
    internal static Activity? Call(string name, uint group, IEnumerable<ActivityContext> callers)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        List<ActivityContext> traced = [.. callers.Where(c => c != default)];
        if (traced.Count == 0)
        {
            // Whose activity happens to be current here, since it began the call, has nothing to do with it.
            Activity.Current = null;
            return Source.StartActivity(name, ActivityKind.Client)?.SetTag("lattice.group", group);
        }

        return Source.StartActivity(name, ActivityKind.Client, traced[0], tags: [new("lattice.group", group)], links: traced.Skip(1).Select(c => new ActivityLink(c)));
    }
}
