using System.Globalization;
using System.Text;

namespace Lattice.Simulation.History;

/// <summary>
/// Decides whether the history of one key is linearizable: whether every operation can be given a moment between its
/// call and its return so that, in the order of these moments, each found what it says it found (Herlihy, Wing 1990).
/// The search is Wing and Gong's, made just-in-time and memoised as by Lowe (Testing for linearizability, 2017): time
/// runs forward, and what is kept is the set of all (content, calls that took effect before they returned) that are
/// still possible.
/// </summary>
internal sealed class RegisterChecker
{
    private const int MaxPending = 64;
    private const int MaxConfigurations = 1 << 20;
    private const int Anything = -1;
    private const int PresentCode = -2;
    private const int Unchanged = -1;
    private const int AbsentCode = 0;

    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private readonly Call?[] _pending = new Call?[MaxPending];
    private HashSet<Possible> _possible = [];
    private HashSet<int> _stillToCome = [];

    private RegisterChecker()
    {
    }

    /// <summary>Null when the history is linearizable, else an explanation for people.</summary>
    /// <exception cref="InvalidOperationException">The history cannot be judged: too much of it is concurrent.</exception>
    public static string? Explain(IReadOnlyList<RegisterOperation> history) => new RegisterChecker().Run(history);

    private string? Run(IReadOnlyList<RegisterOperation> history)
    {
        if (UnwrittenValue(history) is { } unwritten)
        {
            return unwritten;
        }

        List<Call> calls = [];
        foreach (RegisterOperation operation in UnknownOutcomes.Narrow(history))
        {
            if (operation.Returned < operation.Invoked)
            {
                return $"What this operation wrote was seen before it was called: {operation}";
            }

            calls.Add(new Call(operation, Code(operation.Requires, Anything), Code(operation.Sets, Unchanged)));
        }

        List<(long Time, bool Return, Call Call)> events = [];
        foreach (Call call in calls)
        {
            events.Add((call.Operation.Invoked, false, call));
            if (!call.Operation.IsOptional)
            {
                events.Add((call.Operation.Returned, true, call));
            }
        }

        // A call and a return at one instant count as concurrent. The sort is stable in the order of recording.
        events = [.. events.OrderBy(e => e.Time).ThenBy(e => e.Return)];
        _stillToCome = [.. calls.Where(c => c.Sets > 0).Select(c => c.Sets)];
        _possible = [new Possible(AbsentCode, 0)];
        foreach ((_, bool isReturn, Call call) in events)
        {
            if (!isReturn)
            {
                Admit(call);
            }
            else if (!Complete(call))
            {
                return Describe(call, history);
            }
        }

        return null;
    }

    private static string? UnwrittenValue(IReadOnlyList<RegisterOperation> history)
    {
        HashSet<string> written = new(StringComparer.Ordinal) { RegisterOperation.Absent, RegisterOperation.Present };
        foreach (RegisterOperation operation in history)
        {
            if (operation.Sets is { } value)
            {
                written.Add(value);
            }
        }

        RegisterOperation? orphan = history.FirstOrDefault(o => !o.IsOptional && o.Requires is { } value && !written.Contains(value));
        return orphan is null ? null : $"No operation that could have taken effect wrote what this one found: {orphan}";
    }

    private void Admit(Call call)
    {
        int slot = Array.IndexOf(_pending, null);
        if (slot < 0)
        {
            throw new InvalidOperationException($"More than {MaxPending} operations on one key are under way or of unknown outcome: {call.Operation}");
        }

        call.Slot = slot;
        _pending[slot] = call;
        if (call.Sets == Unchanged)
        {
            _possible = [.. _possible.Select(Look)];
        }
    }

    /// <summary>
    /// The same with all calls taken that only look, and find what they have to: whatever can happen without them can happen after them too, so there is nothing to choose.
    /// </summary>
    private Possible Look(Possible possible)
    {
        ulong taken = possible.Taken;
        for (int slot = 0; slot < MaxPending; slot++)
        {
            if (_pending[slot] is { Sets: Unchanged } call && call.CanFollow(possible.Content))
            {
                taken |= 1UL << slot;
            }
        }

        return possible with { Taken = taken };
    }

    /// <summary>Keeps what is possible given that the call took effect before now.</summary>
    private bool Complete(Call call)
    {
        ulong bit = 1UL << call.Slot;
        HashSet<Possible> done = [];
        HashSet<Possible> seen = [];
        Stack<Possible> open = new();
        foreach (Possible possible in _possible)
        {
            if ((possible.Taken & bit) != 0)
            {
                done.Add(possible with { Taken = possible.Taken & ~bit });
            }
            else if (seen.Add(possible))
            {
                open.Push(possible);
            }
        }

        while (open.TryPop(out Possible from))
        {
            for (int slot = 0; slot < MaxPending; slot++)
            {
                if (_pending[slot] is not { } next || (from.Taken & (1UL << slot)) != 0 || !next.CanFollow(from.Content))
                {
                    continue;
                }

                Possible to = Look(new Possible(next.Sets == Unchanged ? from.Content : next.Sets, from.Taken | (1UL << slot)));
                if ((to.Taken & bit) != 0)
                {
                    done.Add(to with { Taken = to.Taken & ~bit });
                }
                else if (seen.Add(to))
                {
                    open.Push(to);
                }
            }

            if (seen.Count > MaxConfigurations)
            {
                throw new InvalidOperationException($"The history of one key has too many possible orders around {call.Operation}");
            }
        }

        if (done.Count == 0)
        {
            return false;
        }

        _possible = done;
        _pending[call.Slot] = null;
        _stillToCome.Remove(call.Sets);
        Retire();
        return true;
    }

    /// <summary>Forgets optional calls that have taken effect in all that is possible, or can no longer do so in any.</summary>
    private void Retire()
    {
        for (int slot = 0; slot < MaxPending; slot++)
        {
            if (_pending[slot] is not { Operation.IsOptional: true } call)
            {
                continue;
            }

            ulong bit = 1UL << slot;
            bool dead = call.Requires > 0 && !_stillToCome.Contains(call.Requires) && _possible.All(p => p.Content != call.Requires);
            if (!dead && !_possible.All(p => (p.Taken & bit) != 0))
            {
                continue;
            }

            _possible = [.. _possible.Select(p => p with { Taken = p.Taken & ~bit })];
            _pending[slot] = null;
            _stillToCome.Remove(call.Sets);
        }
    }

    private string Describe(Call call, IReadOnlyList<RegisterOperation> history)
    {
        StringBuilder text = new();
        text.AppendLine("No order explains this operation:");
        text.AppendLine(CultureInfo.InvariantCulture, $"  {call.Operation}");
        IEnumerable<string> contents = _possible.Select(p => _codes.FirstOrDefault(c => c.Value == p.Content).Key ?? "absent").Distinct(StringComparer.Ordinal);
        text.AppendLine(CultureInfo.InvariantCulture, $"before it, the key could only hold: {string.Join(", ", contents)}");
        text.AppendLine("operations around it:");
        List<RegisterOperation> ordered = [.. history.OrderBy(o => o.Invoked)];
        int at = ordered.FindIndex(o => string.Equals(o.Label, call.Operation.Label, StringComparison.Ordinal) && o.Invoked == call.Operation.Invoked);
        for (int i = Math.Max(0, at - 20); i < Math.Min(ordered.Count, at + 10); i++)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {ordered[i]}");
        }

        return text.ToString();
    }

    private int Code(string? value, int none)
    {
        switch (value)
        {
            case null:
                return none;
            case RegisterOperation.Absent:
                return AbsentCode;
            case RegisterOperation.Present:
                return PresentCode;
        }

        if (!_codes.TryGetValue(value, out int code))
        {
            _codes.Add(value, code = _codes.Count + 1);
        }

        return code;
    }

    private readonly record struct Possible(int Content, ulong Taken);

    private sealed class Call(RegisterOperation operation, int requires, int sets)
    {
        public RegisterOperation Operation { get; } = operation;

        public int Requires { get; } = requires;

        public int Sets { get; } = sets;

        public int Slot { get; set; } = -1;

        public bool CanFollow(int content) =>
            Requires == Anything || Requires == content || (Requires == PresentCode && content != AbsentCode);
    }
}
