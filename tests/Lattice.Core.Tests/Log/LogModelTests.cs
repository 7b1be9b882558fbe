using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Tests.Disk;
using Xunit;

namespace Lattice.Core.Tests.Log;

/// <summary>
/// Random lives of a log against a model that keeps everything in lists. After each crash the log must be in a state that the
/// model was in, no older than what had been promised.
/// </summary>
public sealed class LogModelTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(5, false)]
    public void Every_crash_leaves_a_state_that_the_log_was_in_and_nothing_promised_is_lost(int batch, bool syncOnWrite)
    {
        for (int seed = batch * 1000; seed < (batch * 1000) + 150; seed++)
        {
            try
            {
                new Life(seed, syncOnWrite).Run(250);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {e.Message}"), e);
            }
        }
    }

    private sealed record GroupModel(HardState Hard, LogPosition Compacted, ImmutableList<Entry> Entries)
    {
        public static GroupModel Empty { get; } = new(default, default, []);

        public ulong Last => Compacted.Index + (ulong)Entries.Count;
    }

    private sealed class Life
    {
        private readonly Random _random;
        private readonly FaultyDisk _disk = new();
        private readonly LogOptions _options;
        private readonly List<(long Sequence, ImmutableSortedDictionary<uint, GroupModel> State)> _history = [];
        private WriteAheadLog _log;
        private ImmutableSortedDictionary<uint, GroupModel> _model = ImmutableSortedDictionary<uint, GroupModel>.Empty;
        private ulong _term = 1;

        public Life(int seed, bool syncOnWrite)
        {
            _random = new Random(seed);
            _options = new LogOptions
            {
                SegmentBytes = 4096 + _random.Next(8192),
                SyncOnWrite = syncOnWrite,
                EntryCacheBytes = _random.Next(3) * 4000,
                NewLogId = (ulong)seed,
            };
            _log = WriteAheadLog.Open(_disk, LogFixture.Directory, _options);
            _history.Add((0, _model));
        }

        public void Run(int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                Step();
            }

            Restart(powerFails: true);
        }

        private void Step()
        {
            uint group = (uint)_random.Next(3);
            switch (_random.Next(100))
            {
                case < 45:
                    Append(group);
                    break;
                case < 50:
                    SetHard(group);
                    break;
                case < 57:
                    Compact(group);
                    break;
                case < 59:
                    Reset(group);
                    break;
                case < 60:
                    _log.RemoveGroup(group);
                    Changed(_model.Remove(group), _log.AppendedSequence);
                    break;
                case < 82:
                    Flush();
                    break;
                case < 84:
                    Try(_log.Sync);
                    break;
                case < 86:
                    Try(_log.Seal);
                    break;
                case < 88:
                    Try(() => _log.PrepareNextSegment());
                    break;
                case < 91:
                    _log.RemoveObsoleteSegments();
                    break;
                case < 95:
                    Check();
                    break;
                case < 97:
                    FillOrFree();
                    break;
                default:
                    Restart(powerFails: _random.Next(3) > 0);
                    break;
            }
        }

        private GroupModel Model(uint group) => _model.GetValueOrDefault(group, GroupModel.Empty);

        private void Append(uint id)
        {
            GroupModel group = Model(id);
            ulong from = group.Last + 1;
            if (_random.Next(6) == 0)
            {
                from -= (ulong)_random.Next(group.Entries.Count + 1);
                _term++;
            }

            int large = _random.Next(12) == 0 ? 9000 : 400;
            Entry[] entries = [.. Enumerable.Range(0, 1 + _random.Next(5)).Select(i => NewEntry(from + (ulong)i, _random.Next(large)))];
            HardState? hard = _random.Next(2) == 0 ? new HardState(_term, _random.Next(4), entries[^1].Index) : null;
            long sequence = _log.Group(id).Append(entries, hard);
            Changed(_model.SetItem(id, group with
            {
                Hard = hard ?? group.Hard,
                Entries = group.Entries.RemoveRange((int)(from - group.Compacted.Index - 1), (int)(group.Last + 1 - from)).AddRange(entries),
            }), sequence);
        }

        private Entry NewEntry(ulong index, int bytes)
        {
            byte[] data = new byte[bytes];
            _random.NextBytes(data);
            return new Entry(index, _term, (EntryKind)_random.Next(3), data);
        }

        private void SetHard(uint id)
        {
            GroupModel group = Model(id);
            var hard = new HardState(++_term, _random.Next(4), group.Last);
            Changed(_model.SetItem(id, group with { Hard = hard }), _log.Group(id).Append([], hard));
        }

        private void Compact(uint id)
        {
            GroupModel group = Model(id);
            if (group.Entries.IsEmpty)
            {
                return;
            }

            int count = 1 + _random.Next(group.Entries.Count);
            Entry last = group.Entries[count - 1];
            _log.Group(id).Compact(last.Index);
            Changed(_model.SetItem(id, group with { Compacted = new LogPosition(last.Index, last.Term), Entries = group.Entries.RemoveRange(0, count) }), _log.AppendedSequence);
        }

        private void Reset(uint id)
        {
            GroupModel group = Model(id);
            var position = new LogPosition(group.Last + (ulong)_random.Next(20), ++_term);
            Changed(_model.SetItem(id, group with { Compacted = position, Entries = [] }), _log.Group(id).Reset(position));
        }

        private void Changed(ImmutableSortedDictionary<uint, GroupModel> model, long sequence)
        {
            _model = model;
            _history.Add((sequence, model));
        }

        private void Flush() => Try(() =>
        {
            _log.Flush();
            Assert.Equal(_log.AppendedSequence, _log.DurableSequence);
        });

        private void Try(Action action)
        {
            try
            {
                action();
            }
            catch (DiskFullException)
            {
                Assert.True(_disk.Capacity < long.MaxValue || _disk.WriteBudget < long.MaxValue);
            }
        }

        private void FillOrFree()
        {
            bool full = _disk.Capacity == long.MaxValue && _disk.WriteBudget == long.MaxValue;
            _disk.Capacity = full && _random.Next(2) == 0 ? 1 : long.MaxValue;
            _disk.WriteBudget = full && _disk.Capacity == long.MaxValue ? _random.Next(3000) : long.MaxValue;
        }

        private void Restart(bool powerFails)
        {
            long promised = powerFails ? _log.SyncedSequence : _log.DurableSequence;
            if (powerFails)
            {
                _disk.Crash(_random);
            }
            else
            {
                _disk.Kill();
                _disk.Capacity = _disk.WriteBudget = long.MaxValue;
            }

            _log = WriteAheadLog.Open(_disk, LogFixture.Directory, _options);
            string found = Describe(_log);
            int match = _history.FindLastIndex(h => string.Equals(Describe(h.State), found, StringComparison.Ordinal));
            Assert.True(match >= 0, "recovered a state that never was: " + found);

            // Equal states may follow each other: the youngest one that matches must not be older than the promise.
            int oldest = _history.FindLastIndex(h => h.Sequence <= promised);
            Assert.True(match >= oldest, string.Create(CultureInfo.InvariantCulture, $"lost what was promised up to {promised}"));
            _model = _history[match].State;
            _history.Clear();
            _history.Add((0, _model));
            Check();
        }

        private void Check()
        {
            foreach ((uint id, GroupModel group) in _model)
            {
                GroupLog log = _log.Group(id);
                Assert.Equal(group.Compacted, log.Compacted);
                LogFixture.AssertEntries(group.Entries, log);
                Assert.Equal(group.Entries.Sum(e => (long)e.Data.Length + RecordBody.EntryHeaderBytes), log.Bytes);
                if (group.Entries.Count > 0)
                {
                    int from = _random.Next(group.Entries.Count);
                    Assert.Equal(group.Entries[from], log.Entries(group.Entries[from].Index, log.LastIndex + 1, _random.Next(1000))[0], SameEntry);
                }
            }
        }

        private static bool SameEntry(Entry a, Entry b) => a.Index == b.Index && a.Term == b.Term && a.Data.Span.SequenceEqual(b.Data.Span);

        private static string Describe(ImmutableSortedDictionary<uint, GroupModel> state)
        {
            var text = new StringBuilder();
            foreach ((uint id, GroupModel group) in state)
            {
                Describe(text, id, group.Hard, group.Compacted, group.Entries);
            }

            return text.ToString();
        }

        private static string Describe(WriteAheadLog log)
        {
            var text = new StringBuilder();
            foreach (uint id in log.Groups)
            {
                GroupLog group = log.Group(id);
                Describe(text, id, group.HardState, group.Compacted, LogFixture.All(group));
            }

            return text.ToString();
        }

        private static void Describe(StringBuilder text, uint id, HardState hard, LogPosition compacted, IReadOnlyList<Entry> entries)
        {
            ulong last = compacted.Index + (ulong)entries.Count;
            text.Append(CultureInfo.InvariantCulture, $"{id}: term {hard.Term} vote {hard.Vote} commit {Math.Min(hard.Commit, last)} compacted {compacted} entries");
            foreach (Entry entry in entries)
            {
                text.Append(CultureInfo.InvariantCulture, $" {entry.Term}/{System.IO.Hashing.XxHash3.HashToUInt64(entry.Data.Span):x}");
            }

            text.AppendLine();
        }
    }
}
