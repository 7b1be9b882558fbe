using System.Globalization;

namespace Lattice.Core.Verification;

/// <summary>
/// Events of one or several nodes in an order in which each comes after everything that could have caused it: by Lamport time, and where that is equal,
/// which only happens to events that know nothing of each other, by node.
/// </summary>
/// <param name="Events">The events in that order.</param>
public sealed record CausalStory(IReadOnlyList<TraceEvent> Events)
{
    /// <summary>Joins what several nodes recorded.</summary>
    /// <param name="traces">The nodes' events, in any order.</param>
    /// <param name="newest">How many events the story has at most: the last ones.</param>
    public static CausalStory Join(IEnumerable<IReadOnlyList<TraceEvent>> traces, int newest = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(traces);
        ArgumentOutOfRangeException.ThrowIfNegative(newest);
        var events = new List<TraceEvent>();
        foreach (IReadOnlyList<TraceEvent> trace in traces)
        {
            events.AddRange(trace);
        }

        events.Sort(static (a, b) => a.Lamport != b.Lamport ? a.Lamport.CompareTo(b.Lamport) : a.Node.CompareTo(b.Node));
        return new CausalStory(events.Count > newest ? events[^newest..] : events);
    }

    /// <summary>What happened, as a sentence without time and place.</summary>
    public static string Sentence(TraceEvent told) => TraceText.Describe(told);

    /// <summary>The story, a line for each event: Lamport time, time, node, group, sentence.</summary>
    public IEnumerable<string> Lines()
    {
        foreach (TraceEvent told in Events)
        {
            string group = told.Group == TraceEvent.NodeLevel ? "-" : told.Group.ToString(CultureInfo.InvariantCulture);
            yield return string.Create(CultureInfo.InvariantCulture, $"{told.Lamport}  {told.Time:yyyy-MM-dd HH:mm:ss.ffffff}  node {told.Node}  group {group}  {TraceText.Describe(told)}");
        }
    }
}
