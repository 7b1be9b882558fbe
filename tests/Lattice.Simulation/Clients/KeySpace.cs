using System.Globalization;

namespace Lattice.Simulation.Clients;

/// <summary>The keys that the clients use: some of every family in every data group, few enough that clients meet.</summary>
internal sealed class KeySpace
{
    private readonly SortedDictionary<uint, GroupKeys> _groups = [];

    public KeySpace(IReadOnlyList<uint> groups, Func<int, uint> groupOf)
    {
        foreach (uint group in groups)
        {
            _groups.Add(group, new GroupKeys(
                Find("reg-", group, groupOf, 8),
                Find("ttl-", group, groupOf, 3),
                Find("ctr-", group, groupOf, 2),
                [.. Find("pair-", group, groupOf, 2).Select(name => (string[])[Tagged(name, "a"), Tagged(name, "b")])],
                [.. Find("bank-", group, groupOf, 1).SelectMany(name => Enumerable.Range(0, 5).Select(i => Tagged(name, Number(i))))]));
        }

        Groups = [.. _groups.Keys];
        All = [.. _groups.Values.SelectMany(g => g.All).Order(StringComparer.Ordinal)];
    }

    /// <summary>Groups that have keys.</summary>
    public IReadOnlyList<uint> Groups { get; }

    /// <summary>Every key, in byte order.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>Keys of a group.</summary>
    public GroupKeys Of(uint group) => _groups[group];

    private static List<string> Find(string prefix, uint group, Func<int, uint> groupOf, int count)
    {
        List<string> found = [];
        for (int i = 0; found.Count < count; i++)
        {
            string name = prefix + Number(i);
            if (groupOf(WireFormat.Slot(name)) == group)
            {
                found.Add(name);
            }
        }

        return found;
    }

    private static string Tagged(string name, string suffix) => $"{{{name}}}{suffix}";

    private static string Number(int i) => i.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Keys of one group.</summary>
/// <param name="Registers">Put, read, deleted and swapped.</param>
/// <param name="Mortal">Written with a time to live.</param>
/// <param name="Counters">Only ever counted up, by compare-and-set.</param>
/// <param name="Pairs">Two keys of one slot, always written together.</param>
/// <param name="Accounts">Keys of one slot between which money moves.</param>
internal sealed record GroupKeys(
    IReadOnlyList<string> Registers,
    IReadOnlyList<string> Mortal,
    IReadOnlyList<string> Counters,
    IReadOnlyList<string[]> Pairs,
    IReadOnlyList<string> Accounts)
{
    /// <summary>What all accounts hold together.</summary>
    public const int Money = 500;

    /// <summary>Every key of the group, in byte order.</summary>
    public IReadOnlyList<string> All { get; } =
        [.. Registers.Concat(Mortal).Concat(Counters).Concat(Pairs.SelectMany(p => p)).Concat(Accounts).Order(StringComparer.Ordinal)];

    /// <summary>From which key, up to which, a scan sees all accounts and nothing else.</summary>
    public (string From, string To) AccountRange => (Accounts[0][..^1], Accounts[0][..^1] + "\uffff");
}
