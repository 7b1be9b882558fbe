using System.Globalization;
using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Clients;

/// <summary>
/// An application with one session. It calls any node, follows hints, gives up on nodes that do not answer and sends the same commands
/// under the same sequence numbers elsewhere, as the client library does; it writes down what it saw.
/// </summary>
internal sealed class SimulatedClient
{
    private readonly int _id;
    private readonly UInt128 _session;
    private readonly Workload _workload;
    private readonly SeededRandom _random;
    private readonly CommandMix _mix;
    private readonly Dictionary<uint, int> _leaders = [];
    private readonly SortedSet<ulong> _outstanding = [];
    private ulong _sequence;
    private int _labels;

    public SimulatedClient(int id, Workload workload, SeededRandom random)
    {
        _id = id;
        _workload = workload;
        _random = random;
        _session = new UInt128(random.NextUInt64() | 1, random.NextUInt64());
        _mix = new CommandMix(id, workload.Keys, workload.Options, random);
    }

    /// <summary>Lanes that have not come to their end.</summary>
    public int Working { get; private set; }

    /// <summary>What is under way, for people.</summary>
    public IEnumerable<string> UnderWay => _calls.Select(c => c.ToString());

    private readonly HashSet<PendingCall> _calls = [];

    /// <summary>How a key was seen last.</summary>
    public SeenRecord LastSeen(string key) => _mix.LastSeen(key);

    /// <summary>Starts the lanes.</summary>
    public void Start()
    {
        for (int lane = 0; lane < _workload.Options.Lanes; lane++)
        {
            Working++;
            Think();
        }
    }

    /// <summary>Reads a set of keys once, linearizably; for the end of a run.</summary>
    public void ReadAll(uint group)
    {
        Working++;
        Begin(new PendingCall(group, CallKind.LinearizableQuery, Label())
        {
            Queries = [.. _workload.Keys.Of(group).All.Select(key => new Query(key))],
            Patient = true,
            Last = true,
        });
    }

    private void Think() => _workload.Clock.After(_random.Exponential(_workload.Options.ThinkTime), Next);

    private void Next()
    {
        int size = _random.Between(1, _workload.Options.BatchSize);
        size = _workload.TakeOperations(size);
        if (size == 0)
        {
            Working--;
            return;
        }

        uint group = _random.Pick(_workload.Keys.Groups);
        if (_random.Chance(_workload.Options.Reads))
        {
            bool local = _random.Chance(_workload.Options.LocalReads);
            Begin(new PendingCall(group, local ? CallKind.LocalQuery : CallKind.LinearizableQuery, Label())
            {
                Queries = size > 1 && _random.Chance(0.4) ? _mix.PairQuery(group) : [.. Enumerable.Range(0, size).Select(_ => _mix.NextQuery(group))],
                Patient = !local,
            });
            return;
        }

        bool session = !_random.Chance(_workload.Options.Sessionless);
        List<Command> commands = [];
        for (int i = 0; i < size; i++)
        {
            Command command = _mix.NextCommand(group);
            if (session)
            {
                command = command with { Sequence = ++_sequence };
                _outstanding.Add(_sequence);
            }

            commands.Add(command);
        }

        Begin(new PendingCall(group, CallKind.Write, Label())
        {
            Commands = commands,
            Session = session,
            Patient = session && !_random.Chance(_workload.Options.Impatience),
        });
    }

    private void Begin(PendingCall call)
    {
        call.Invoked = _workload.Clock.Now;
        _calls.Add(call);
        _workload.Trace.Line(0, $"client {_id} calls {call}");
        Attempt(call);
    }

    private void Attempt(PendingCall call)
    {
        call.Attempts++;
        int attempt = call.Attempts;
        IReadOnlyList<int> gateways = _workload.Cluster.Gateways;
        int node = call.Attempts % 3 != 0 && _leaders.TryGetValue(call.Group, out int leader) && leader != 0 && gateways.Contains(leader)
            ? leader
            : _random.Pick(gateways);
        byte[] payload = call.Kind == CallKind.Write
            ? WireFormat.Write(call.Session ? _session : 0, _outstanding.Count > 0 ? _outstanding.Min : _sequence + 1, call.Commands)
            : WireFormat.Write(call.Queries);
        VirtualClock.ScheduledEvent timeout = _workload.Clock.After(_workload.Options.AttemptTimeout, () => Answer(call, attempt, node, new Reply(ReplyStatus.Unknown)));
        _workload.Cluster.Call(node, call.Kind, call.Group, payload, reply =>
        {
            timeout.Cancel();
            Answer(call, attempt, node, reply);
        });
    }

    private void Answer(PendingCall call, int attempt, int node, Reply reply)
    {
        if (attempt != call.Attempts || call.Over)
        {
            return;
        }

        _leaders[call.Group] = reply.Leader != 0 ? reply.Leader : reply.Status == ReplyStatus.Ok ? node : 0;
        if (reply.Status == ReplyStatus.Ok)
        {
            End(call);
            Complete(call, node, reply.Payload.Span);
            return;
        }

        _workload.Coverage.Count($"client: {reply.Status} answers");
        call.MayHaveHappened |= reply.Status == ReplyStatus.Unknown;
        bool repeatable = call.Kind != CallKind.Write || call.Session || reply.Status != ReplyStatus.Unknown;
        if (!repeatable || (!call.Patient && call.Attempts >= 4))
        {
            End(call);
            GiveUp(call);
            return;
        }

        long pause = reply.Status == ReplyStatus.NotLeader && reply.Leader != 0 && call.Attempts % 3 != 2
            ? 0
            : _random.Between(2L, Math.Min(200L, 10L * call.Attempts)) * VirtualClock.Millisecond;
        _workload.Clock.After(pause, () =>
        {
            if (!call.Over)
            {
                Attempt(call);
            }
        });
    }

    private void GiveUp(PendingCall call)
    {
        _workload.Trace.Line(0, $"client {_id} gives up {call}");
        if (call.Kind == CallKind.Write && call.MayHaveHappened)
        {
            _workload.Coverage.Count("client: outcomes never learned");
            for (int i = 0; i < call.Commands.Count; i++)
            {
                _workload.History.RecordUnknown(call.LabelOf(i), call.Commands[i], call.Invoked);
            }
        }

        Think();
    }

    private void End(PendingCall call)
    {
        call.Over = true;
        _calls.Remove(call);
        foreach (Command command in call.Commands)
        {
            _outstanding.Remove(command.Sequence);
        }
    }

    private void Complete(PendingCall call, int node, ReadOnlySpan<byte> payload)
    {
        if (call.Attempts > 1)
        {
            _workload.Coverage.Count("client: answered after a retry");
        }

        if (call.Kind == CallKind.Write)
        {
            CompleteWrite(call, node, WireFormat.ReadWriteResults(payload));
        }
        else
        {
            CompleteQuery(call, node, WireFormat.ReadQueryResults(payload, call.Queries));
        }

        if (call.Last)
        {
            Working--;
        }
        else
        {
            Think();
        }
    }

    private void CompleteWrite(PendingCall call, int node, IReadOnlyList<CommandResult> results)
    {
        if (results.Count != call.Commands.Count)
        {
            throw new SimulationFailure($"{call}: {results.Count} results for {call.Commands.Count} commands.");
        }

        for (int i = 0; i < results.Count; i++)
        {
            CommandResult result = results[i];
            Command command = call.Commands[i];
            _workload.Trace.Line(0, $"client {_id} learns from node {node}: {call.LabelOf(i)} {result.Status} revision {result.Revision} after {call.Attempts} attempts");
            if (result.Status == CommandStatus.Refused)
            {
                throw new SimulationFailure($"{call.LabelOf(i)} was refused by node {node}: {result.Code} {result.Message}");
            }

            _workload.History.Record(call.LabelOf(i), call.Group, command, result, call.Invoked, _workload.Clock.Now);
            _workload.Coverage.Count(result.Status == CommandStatus.Done ? "client: commands done" : "client: conditions failed");
            Remember(command, result);
        }
    }

    private void Remember(Command command, CommandResult result)
    {
        if (result.Status == CommandStatus.ConditionFailed)
        {
            for (int i = 0; i < command.Conditions.Count; i++)
            {
                _mix.See(command.Conditions[i].Key, result.Records[i]);
            }

            return;
        }

        foreach (Operation operation in command.Operations)
        {
            if (operation.Kind == OperationKind.Put)
            {
                _mix.See(operation.Key, new SeenRecord(true, result.Revision, 0, operation.Value));
            }
            else if (operation.Kind == OperationKind.Delete)
            {
                _mix.See(operation.Key, default);
            }
        }
    }

    private void CompleteQuery(PendingCall call, int node, QueryResults results)
    {
        if (results.Code != 0 || results.Results.Count != call.Queries.Count)
        {
            throw new SimulationFailure($"{call} was refused by node {node}: {results.Code} {results.Message}");
        }

        _workload.Coverage.Count(call.Kind == CallKind.LocalQuery ? "client: local reads" : "client: linearizable reads");
        _workload.Trace.Line(0, $"client {_id} learns from node {node}: {call.Label} at index {results.AppliedIndex} after {call.Attempts} attempts");
        Dictionary<string, SeenRecord> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < results.Results.Count; i++)
        {
            foreach ((string key, SeenRecord record) in KeysSeen(call, call.Queries[i], results.Results[i]))
            {
                if (seen.TryGetValue(key, out SeenRecord other) && other != record)
                {
                    throw new SimulationFailure($"{call}: one answer shows {key} as {other} and as {record}.");
                }

                seen[key] = record;
            }
        }

        foreach ((string key, SeenRecord record) in seen)
        {
            if (call.Kind == CallKind.LocalQuery)
            {
                _workload.History.RecordLocalRead(key, record);
            }
            else
            {
                _workload.History.RecordRead(call.Label, key, record, call.Invoked, _workload.Clock.Now);
            }

            _mix.See(key, record);
        }

        Invariants.Check(call.ToString(), _workload.Keys.Of(call.Group), seen);
    }

    /// <summary>The keys that an answer tells about: those that it shows, and those of the range that it does not show.</summary>
    private IEnumerable<(string Key, SeenRecord Record)> KeysSeen(PendingCall call, Query query, QueryResult result)
    {
        if (query.To is null)
        {
            return result.Records;
        }

        Dictionary<string, SeenRecord> shown = new(StringComparer.Ordinal);
        string last = "";
        foreach ((string key, SeenRecord record) in result.Records)
        {
            if (!record.Present || string.CompareOrdinal(key, query.From) < 0 || (query.To.Length > 0 && string.CompareOrdinal(key, query.To) >= 0) || string.CompareOrdinal(last, key) >= 0)
            {
                throw new SimulationFailure($"{call}: a scan from {query.From} to {query.To} shows {key} after {last}.");
            }

            shown.Add(key, record);
            last = key;
        }

        if (result.More && result.Records.Count == 0)
        {
            throw new SimulationFailure($"{call}: a page is empty and says that there is more.");
        }

        return _workload.Keys.Of(call.Group).All
            .Where(key => string.CompareOrdinal(key, query.From) >= 0
                && (query.To.Length == 0 || string.CompareOrdinal(key, query.To) < 0)
                && (!result.More || string.CompareOrdinal(key, last) <= 0))
            .Select(key => (key, shown.GetValueOrDefault(key)));
    }

    private string Label() => string.Create(CultureInfo.InvariantCulture, $"c{_id}.{++_labels}");
}
