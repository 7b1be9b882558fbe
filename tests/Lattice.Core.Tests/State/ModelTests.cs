using CsCheck;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

/// <summary>Random histories against a dictionary, and against other ways of applying the same entries.</summary>
public class ModelTests
{
    private static readonly StateLimits Limits = new() { MaxExpiriesPerEntry = 2, SessionTimeout = TimeSpan.FromMilliseconds(400), MaxSessionExpiriesPerEntry = 1, MaxOutstandingPerSession = 6 };

    private sealed record Step(int Kind, int Key, int Other, int Value, int Client, int Pause, int Ttl);

    private static readonly Gen<Step> AnyStep =
        from kind in Gen.Int[0, 6]
        from key in Gen.Int[0, 5]
        from other in Gen.Int[0, 5]
        from value in Gen.Int[0, 3]
        from client in Gen.Int[0, 3]
        from pause in Gen.Int[0, 60]
        from ttl in Gen.Int[0, 120]
        select new Step(kind, key, other, value, client, pause, ttl);

    [Fact]
    public void A_history_gives_what_a_dictionary_gives()
    {
        AnyStep.Array[0, 120].Sample(
            steps =>
            {
                using var f = new StateFixture(Limits, cache: 4);
                var model = new Dictionary<string, (string Value, ulong Revision, ulong Expiry)>(StringComparer.Ordinal);
                ulong revision = 0;
                foreach (Step step in steps)
                {
                    f.Time += (ulong)step.Pause;
                    foreach (string dead in model.Where(r => r.Value.Expiry != 0 && r.Value.Expiry <= f.Time).Select(r => r.Key).ToList())
                    {
                        model.Remove(dead);
                    }

                    CommandResult result = f.WriteOne(Command(new WriteBatchBuilder(), step, 0));
                    CommandStatus expected = Model(step, model, ref revision, f.Time);
                    if (result.Status != expected || result.Revision != revision)
                    {
                        return false;
                    }

                    var page = f.Scan("", "").Page.Select(r => (S(r.Key), S(r.Record.Value), r.Record.Revision, r.Record.ExpiryMs));
                    var wanted = model.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => (r.Key, r.Value.Value, r.Value.Revision, r.Value.Expiry));
                    if (!page.SequenceEqual(wanted) || model.Keys.Any(k => !string.Equals(f.Value(k), model[k].Value, StringComparison.Ordinal)))
                    {
                        return false;
                    }
                }

                return true;
            },
            iter: 60,
            threads: 2);
    }

    [Fact]
    public void The_same_entries_give_the_same_rows_however_they_are_grouped_and_through_a_snapshot_or_a_restart_in_the_middle()
    {
        Gen.Select(AnyStep.Array[1, 150], Gen.Int[0, 149], Gen.Int[1, 9]).Sample(
            (steps, middle, group) =>
            {
                middle = Math.Min(middle, steps.Length - 1);
                List<Entry> entries = Entries(steps);
                using var alone = new StateFixture(Limits, cache: 3);
                using var grouped = new StateFixture(Limits, cache: 100);
                using var restarted = new StateFixture(Limits, cache: 0);
                using var streamed = new StateFixture(Limits);
                List<string> results = [.. entries.SelectMany(e => Results(alone.Machine.Apply([e])))];
                List<string> otherResults = [.. entries.Chunk(group).SelectMany(e => Results(grouped.Machine.Apply(e)))];
                ApplyAll(restarted, entries[..(middle + 1)]);
                SnapshotTests.Install(restarted.Machine, streamed.Machine);
                restarted.Flush();
                restarted.Reopen();
                if (entries.Count > middle + 1)
                {
                    ApplyAll(restarted, entries[(middle + 1)..]);
                    ApplyAll(streamed, entries[(middle + 1)..]);
                }

                List<(string, string)> rows = AllRows(alone);
                return results.SequenceEqual(otherResults, StringComparer.Ordinal)
                    && rows.SequenceEqual(AllRows(grouped)) && rows.SequenceEqual(AllRows(restarted)) && rows.SequenceEqual(AllRows(streamed))
                    && alone.Machine.SessionCount == streamed.Machine.SessionCount;
            },
            iter: 40,
            threads: 2);
    }

    private static void ApplyAll(StateFixture f, List<Entry> entries) => f.Machine.Apply(entries);

    private static IEnumerable<string> Results(IReadOnlyList<AppliedEntry> applied) => applied.SelectMany(a => a.BatchResults).Select(r => Convert.ToHexString(r.Span));

    // Rows of every kind, the expiry index too.
    private static List<(string, string)> AllRows(StateFixture f)
    {
        List<(string, string)> rows = f.Rows();
        using IStateCursor cursor = f.Engine.Cursor(f.Machine.Keys.Start(RowKind.Expiry), f.Machine.Keys.End(RowKind.Expiry));
        while (cursor.Next())
        {
            rows.Add((Convert.ToHexString(cursor.Key[8..]), Convert.ToHexString(cursor.Value)));
        }

        return rows;
    }

    private static List<Entry> Entries(Step[] steps)
    {
        var entries = new List<Entry>();
        ulong time = 1_000;
        ulong sequence = 0;
        foreach (Step step in steps)
        {
            time += (ulong)step.Pause;

            // Clients repeat themselves, and now and then acknowledge what they got.
            ulong number = step.Value == 0 && sequence > 0 ? sequence : ++sequence;
            ulong lowest = step.Other < 2 ? number : number > 4 ? number - 4 : 1;
            byte[] batch = Command(new WriteBatchBuilder((UInt128)step.Client, lowest), step, number).Build();
            byte[] malformed = batch[..^1];
            entries.Add(step.Kind == 6
                ? new Entry((ulong)entries.Count + 1, 1, EntryKind.Noop, default)
                : new Entry((ulong)entries.Count + 1, 1, EntryKind.Command, EntryPayload.Encode(time, step.Key == 0 ? [batch, malformed, batch] : [batch])));
        }

        return entries;
    }

    private static WriteBatchBuilder Command(WriteBatchBuilder batch, Step step, ulong sequence)
    {
        (byte[] key, byte[] other, byte[] value) = (B(Name(step.Key)), B(Name(step.Other)), B($"v{step.Value}"));
        batch.Command(sequence);
        return step.Kind switch
        {
            0 => batch.Put(key, value, (ulong)step.Ttl),
            1 => batch.Delete(key),
            2 => batch.IfAbsent(key).Put(key, value, (ulong)step.Ttl),
            3 => batch.IfValue(key, value).Delete(key).Get(other),
            4 when step.Key != step.Other => batch.IfExists(key).Put(key, value).Put(other, value, (ulong)step.Ttl),
            5 when step.Key != step.Other => batch.IfExists(key).IfAbsent(other).Delete(key).Put(other, value),
            _ => batch.Get(key),
        };
    }

    private static CommandStatus Model(Step step, Dictionary<string, (string Value, ulong Revision, ulong Expiry)> model, ref ulong revision, ulong time)
    {
        (string key, string other, string value) = (Name(step.Key), Name(step.Other), $"v{step.Value}");
        ulong expiry = step.Ttl == 0 ? 0 : time + (ulong)step.Ttl;
        bool holds = step.Kind switch
        {
            2 => !model.ContainsKey(key),
            3 => model.TryGetValue(key, out (string Value, ulong Revision, ulong Expiry) r) && string.Equals(r.Value, value, StringComparison.Ordinal),
            4 when step.Key != step.Other => model.ContainsKey(key),
            5 when step.Key != step.Other => model.ContainsKey(key) && !model.ContainsKey(other),
            _ => true,
        };
        if (!holds)
        {
            return CommandStatus.ConditionFailed;
        }

        switch (step.Kind)
        {
            case 0 or 2:
                model[key] = (value, ++revision, expiry);
                break;
            case 1 or 3:
                revision += model.Remove(key) ? 1UL : 0;
                break;
            case 4 when step.Key != step.Other:
                model[key] = (value, ++revision, 0);
                model[other] = (value, revision, expiry);
                break;
            case 5 when step.Key != step.Other:
                model.Remove(key);
                model[other] = (value, ++revision, 0);
                break;
            default:
                break;
        }

        return CommandStatus.Done;
    }

    private static string Name(int key) => $"{{t}}{key}";
}
