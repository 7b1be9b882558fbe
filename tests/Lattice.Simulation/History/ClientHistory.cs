using System.Globalization;
using Lattice.Simulation.Clients;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.History;

/// <summary>
/// Everything that all clients did and saw. What was seen of one command or one query batch is taken apart by key; that the
/// keys of one command change together is what the revisions and the invariants of the workload show.
/// </summary>
internal sealed class ClientHistory(long expirySlack)
{
    private readonly SortedDictionary<string, List<Observed>> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Key, ulong Revision), string> _values = [];
    private readonly Dictionary<uint, RevisionOrder> _revisions = [];

    /// <summary>Operations recorded, each key of a command for itself.</summary>
    public int Count { get; private set; }

    /// <summary>A command whose result is known.</summary>
    public void Record(string label, uint group, Command command, CommandResult result, long invoked, long returned)
    {
        if (result.Status == CommandStatus.Refused)
        {
            return;
        }

        if (result.Status == CommandStatus.ConditionFailed)
        {
            if (result.Held.All(held => held))
            {
                throw new SimulationFailure($"{label}: refused although each of its conditions held.");
            }

            for (int i = 0; i < command.Conditions.Count; i++)
            {
                See(command.Conditions[i].Key, result.Records[i]);
                Add(command.Conditions[i].Key, new Observed(label, invoked, returned, null, result.Records[i]));
            }

            return;
        }

        bool writes = false;
        for (int i = 0; i < command.Operations.Count; i++)
        {
            Operation operation = command.Operations[i];
            SeenRecord before = result.Records[i];
            writes |= operation.Kind == OperationKind.Put || (operation.Kind == OperationKind.Delete && before.Present);
            if (operation.Kind == OperationKind.Put)
            {
                Learn(operation.Key, result.Revision, operation.Value);
            }

            if (operation.Kind == OperationKind.Get)
            {
                See(operation.Key, before);
            }

            Condition? condition = ConditionOn(command, operation.Key);
            if (condition is not null && Contradicts(condition, before))
            {
                throw new SimulationFailure($"{label}: done although its condition {condition} did not hold: it found {before}.");
            }

            Add(operation.Key, new Observed(label, invoked, returned, Effect(operation), before) { Condition = condition });
            if (operation.Kind == OperationKind.Put && operation.TimeToLiveMs > 0)
            {
                AddExpiry(label, operation, invoked);
            }
        }

        foreach (Condition condition in command.Conditions)
        {
            if (!command.Operations.Any(o => string.Equals(o.Key, condition.Key, StringComparison.Ordinal)))
            {
                Add(condition.Key, new Observed(label, invoked, returned, null, null) { Condition = condition });
            }
        }

        if (writes)
        {
            RevisionsOf(group).Wrote(label, result.Revision, invoked, returned);
        }
    }

    /// <summary>A command of which nobody learned whether it was done.</summary>
    public void RecordUnknown(string label, Command command, long invoked)
    {
        foreach (Operation operation in command.Operations)
        {
            if (operation.Kind == OperationKind.Get)
            {
                continue;
            }

            Add(operation.Key, new Observed(label, invoked, RegisterOperation.Never, Effect(operation), null) { Condition = ConditionOn(command, operation.Key) });
            if (operation.Kind == OperationKind.Put && operation.TimeToLiveMs > 0)
            {
                AddExpiry(label, operation, invoked);
            }
        }
    }

    /// <summary>A linearizable read of a key.</summary>
    public void RecordRead(string label, string key, SeenRecord record, long invoked, long returned)
    {
        See(key, record);
        Add(key, new Observed(label, invoked, returned, null, record));
    }

    /// <summary>A read that may be stale: what it shows must have been written at some time, and that is all.</summary>
    public void RecordLocalRead(string key, SeenRecord record) => See(key, record);

    /// <summary>Judges the whole history.</summary>
    /// <exception cref="SimulationFailure">It is not what a linearizable store could have answered.</exception>
    public void Check()
    {
        foreach (RevisionOrder order in _revisions.Values)
        {
            order.Check();
        }

        foreach ((string key, List<Observed> observed) in _byKey)
        {
            if (RegisterChecker.Explain([.. observed.Select(o => Reduce(key, o))]) is { } explanation)
            {
                throw new SimulationFailure($"The history of {key} is not linearizable. {explanation}");
            }
        }
    }

    private RegisterOperation Reduce(string key, Observed observed) => new()
    {
        Label = observed.Label,
        Invoked = observed.Invoked,
        Returned = observed.Returned,
        Requires = Requirement(key, observed),
        Sets = observed.Sets,
    };

    private string? Requirement(string key, Observed observed)
    {
        if (observed.Found is { } found)
        {
            if (!found.Present)
            {
                return RegisterOperation.Absent;
            }

            if (_values.TryGetValue((key, found.Revision), out string? value))
            {
                return value;
            }
        }

        return observed.Condition switch
        {
            { Kind: ConditionKind.Absent } => RegisterOperation.Absent,
            { Kind: ConditionKind.Exists } => RegisterOperation.Present,
            { Kind: ConditionKind.ValueEquals } condition => condition.Value,
            { Kind: ConditionKind.RevisionEquals } condition => _values.GetValueOrDefault((key, condition.Revision)),
            _ => observed.ExpiryOf,
        };
    }

    private static Condition? ConditionOn(Command command, string key) =>
        command.Conditions.FirstOrDefault(c => string.Equals(c.Key, key, StringComparison.Ordinal));

    private static bool Contradicts(Condition condition, SeenRecord found) => condition.Kind switch
    {
        ConditionKind.Absent => found.Present,
        ConditionKind.RevisionEquals => !found.Present || found.Revision != condition.Revision,
        _ => !found.Present,
    };

    private static string? Effect(Operation operation) => operation.Kind switch
    {
        OperationKind.Put => operation.Value,
        OperationKind.Delete => RegisterOperation.Absent,
        _ => null,
    };

    private void See(string key, SeenRecord record)
    {
        if (record.Present)
        {
            Learn(key, record.Revision, record.Value);
        }
    }

    private void Learn(string key, ulong revision, string value)
    {
        if (!_values.TryAdd((key, revision), value) && !string.Equals(_values[(key, revision)], value, StringComparison.Ordinal))
        {
            throw new SimulationFailure($"{key} was seen with two values at revision {revision}: {Short(_values[(key, revision)])} and {Short(value)}.");
        }
    }

    /// <summary>A record may vanish when its time has passed by the clock of any leader, which may be wrong by the slack and counts whole milliseconds.</summary>
    private void AddExpiry(string label, Operation put, long invoked) =>
        Add(put.Key, new Observed("expiry of " + label, Math.Max(invoked, invoked + ((long)put.TimeToLiveMs * VirtualClock.Millisecond) - VirtualClock.Millisecond - expirySlack), RegisterOperation.Never, RegisterOperation.Absent, null) { ExpiryOf = put.Value });

    private void Add(string key, Observed observed)
    {
        if (!_byKey.TryGetValue(key, out List<Observed>? list))
        {
            _byKey.Add(key, list = []);
        }

        list.Add(observed);
        Count++;
    }

    private RevisionOrder RevisionsOf(uint group)
    {
        if (!_revisions.TryGetValue(group, out RevisionOrder? order))
        {
            _revisions.Add(group, order = new RevisionOrder(group));
        }

        return order;
    }

    private static string Short(string value) => value.Length <= 40 ? value : string.Create(CultureInfo.InvariantCulture, $"{value[..40]}... ({value.Length} characters)");

    private sealed record Observed(string Label, long Invoked, long Returned, string? Sets, SeenRecord? Found)
    {
        public Condition? Condition { get; init; }

        public string? ExpiryOf { get; init; }
    }
}
