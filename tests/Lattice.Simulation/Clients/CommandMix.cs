using System.Globalization;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Clients;

/// <summary>Makes up what one client does next, from what it saw last of each key.</summary>
internal sealed class CommandMix(int client, KeySpace keys, WorkloadOptions options, SeededRandom random)
{
    private readonly Dictionary<string, SeenRecord> _seen = new(StringComparer.Ordinal);
    private int _values;

    /// <summary>Remembers how a key was seen.</summary>
    public void See(string key, SeenRecord record) => _seen[key] = record;

    /// <summary>How a key was seen last; absent when it never was.</summary>
    public SeenRecord LastSeen(string key) => _seen.GetValueOrDefault(key);

    /// <summary>A command for one of the group's keys.</summary>
    public Command NextCommand(uint group)
    {
        GroupKeys own = keys.Of(group);
        return random.Next(100) switch
        {
            < 25 => Put(random.Pick(own.Registers), 0),
            < 32 => new Command([], [new Operation(OperationKind.Delete, random.Pick(own.Registers))]),
            < 47 => Swap(random.Pick(own.Registers)),
            < 54 => Put(random.Pick(own.Mortal), (ulong)random.Between(50, 3_000)),
            < 72 => Count(random.Pick(own.Counters)),
            < 86 => WritePair(random.Pick(own.Pairs)),
            _ => Transfer(own.Accounts),
        };
    }

    /// <summary>A query for some of the group's keys.</summary>
    public Query NextQuery(uint group)
    {
        GroupKeys own = keys.Of(group);
        return random.Next(100) switch
        {
            < 12 => new Query(own.AccountRange.From, own.AccountRange.To, 1_000),
            < 17 => new Query(own.All[random.Next(own.All.Count)], "", (uint)random.Between(1, 10)),
            _ => new Query(random.Pick(own.All)),
        };
    }

    /// <summary>Queries that have to see the two keys of a pair with one value.</summary>
    public IReadOnlyList<Query> PairQuery(uint group) => [.. random.Pick(keys.Of(group).Pairs).Select(key => new Query(key))];

    private Command Put(string key, ulong timeToLiveMs)
    {
        List<Operation> operations = [new Operation(OperationKind.Put, key, NewValue(), timeToLiveMs)];
        if (random.Chance(0.3))
        {
            operations.Insert(random.Next(2), new Operation(OperationKind.Get, key));
        }

        return new Command([], operations);
    }

    private Command Swap(string key)
    {
        SeenRecord seen = _seen.GetValueOrDefault(key);
        Condition condition = random.Next(4) switch
        {
            0 => new Condition(ConditionKind.Exists, key),
            1 when seen.Present => new Condition(ConditionKind.ValueEquals, key, Value: seen.Value),
            _ => Unchanged(key, seen),
        };
        bool delete = random.Chance(0.15);
        return new Command([condition], [delete ? new Operation(OperationKind.Delete, key) : new Operation(OperationKind.Put, key, NewValue())]);
    }

    private Command Count(string key)
    {
        SeenRecord seen = _seen.GetValueOrDefault(key);
        int count = seen.Present ? Number(seen.Value) : 0;
        return new Command([Unchanged(key, seen)], [new Operation(OperationKind.Put, key, Tagged(count + 1))]);
    }

    private Command WritePair(string[] pair)
    {
        string value = NewValue();
        return new Command([], [.. pair.Select(key => new Operation(OperationKind.Put, key, value))]);
    }

    private Command Transfer(IReadOnlyList<string> accounts)
    {
        string from = random.Pick(accounts);
        string to = random.Pick(accounts);
        SeenRecord source = _seen.GetValueOrDefault(from);
        SeenRecord target = _seen.GetValueOrDefault(to);
        if (!source.Present || !target.Present || string.Equals(from, to, StringComparison.Ordinal))
        {
            // The first who comes opens the accounts, all in one transaction.
            return new Command(
                [.. accounts.Select(a => new Condition(ConditionKind.Absent, a))],
                [.. accounts.Select(a => new Operation(OperationKind.Put, a, Tagged(GroupKeys.Money / accounts.Count)))]);
        }

        int amount = random.Between(0, Math.Max(0, Number(source.Value)));
        return new Command(
            [Unchanged(from, source), Unchanged(to, target)],
            [
                new Operation(OperationKind.Put, from, Tagged(Number(source.Value) - amount)),
                new Operation(OperationKind.Put, to, Tagged(Number(target.Value) + amount)),
            ]);
    }

    private static Condition Unchanged(string key, SeenRecord seen) =>
        seen.Present ? new Condition(ConditionKind.RevisionEquals, key, seen.Revision) : new Condition(ConditionKind.Absent, key);

    /// <summary>The number that the value of a counter or an account begins with.</summary>
    public static int Number(string value) => int.Parse(value.AsSpan(0, value.IndexOf('|', StringComparison.Ordinal)), CultureInfo.InvariantCulture);

    private string NewValue()
    {
        string value = string.Create(CultureInfo.InvariantCulture, $"v{client}.{++_values}");
        return random.Chance(options.LargeValues) ? value.PadRight(options.LargeValueSize, '.') : value;
    }

    private string Tagged(int number) => string.Create(CultureInfo.InvariantCulture, $"{number}|{client}.{++_values}");
}
