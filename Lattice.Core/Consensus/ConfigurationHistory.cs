namespace Lattice.Core.Consensus;

/// <summary>
/// The configurations that a replica knows: the applied one, and those of the log that are not applied yet. A configuration takes effect when it is
/// applied. A leader proposes one only when the one before it is applied, so two configurations in effect at different replicas are at most
/// one change apart, and changes that close share a node in any two majorities. Two kinds of entries take effect when
/// appended: see <see cref="ConfigurationCodec"/>.
/// </summary>
internal sealed class ConfigurationHistory(Configuration applied)
{
    private readonly List<(ulong Index, Configuration Configuration, bool Immediate)> tail = [];

    public Configuration Applied { get; private set; } = applied;

    /// <summary>The configuration in effect.</summary>
    public Configuration Effective { get; private set; } = applied;

    /// <summary>The newest configuration of the log, in effect or not.</summary>
    public Configuration Latest => tail.Count > 0 ? tail[^1].Configuration : Applied;

    /// <summary>Whether the log holds a configuration that is not applied.</summary>
    public bool HasPending => tail.Count > 0;

    /// <summary>
    /// Whether a configuration up to <paramref name="commit"/> is committed but not in effect here. A replica in that state must not
    /// campaign: it would count majorities of members that the group has left behind.
    /// </summary>
    public bool HasCommittedPending(ulong commit)
    {
        foreach ((ulong index, _, bool immediate) in tail)
        {
            if (index <= commit && !immediate)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An entry came into the log. True when the configuration in effect changed.</summary>
    public bool Appended(Entry entry)
    {
        ReadOnlySpan<byte> bytes = entry.Data.Span;
        bool immediate = ConfigurationCodec.TakesEffectWhenAppended(bytes);
        tail.Add((entry.Index, ConfigurationCodec.Decode(bytes), immediate));
        return immediate && Refresh();
    }

    /// <summary>The entries from <paramref name="index"/> on left the log. True when the configuration in effect changed.</summary>
    public bool TruncatedFrom(ulong index) => tail.RemoveAll(pending => pending.Index >= index) > 0 && Refresh();

    /// <summary>The configuration of entry <paramref name="index"/>, or of a snapshot that ends there, is applied.</summary>
    public void Apply(ulong index, Configuration configuration)
    {
        tail.RemoveAll(pending => pending.Index <= index);
        Applied = configuration;
        Refresh();
    }

    private bool Refresh()
    {
        Configuration before = Effective;
        Effective = Applied;
        foreach ((_, Configuration configuration, bool immediate) in tail)
        {
            Effective = immediate ? configuration : Effective;
        }

        return !ReferenceEquals(before, Effective);
    }
}
