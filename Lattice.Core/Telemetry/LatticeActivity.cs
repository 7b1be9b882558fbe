using System.Diagnostics;

namespace Lattice.Core.Telemetry;

/// <summary>The source of the activities of a node, of which traces are made. Without a listener, which only tracing adds, nothing of them costs anything.</summary>
public static class LatticeActivity
{
    /// <summary>Its name; the client's source has the same.</summary>
    public const string Name = "Lattice";

    /// <summary>The source.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>The activity that asks for something, if traces are made and it is to be in one.</summary>
    internal static Activity? Caller => Source.HasListeners() && Activity.Current is { Recorded: true } current ? current : null;
}
