using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.Log;
using Lattice.Simulation.Disk;
using Lattice.Simulation.Runtime;
using Xunit;

namespace Lattice.Simulation.Tests;

/// <summary>
/// The product's log on the simulated disk, with the power failing between and within its writes: whatever is found
/// afterwards is the log as it was after some append, not before the last that it called durable.
/// </summary>
public sealed class WriteAheadLogCrashTests
{
    private const string Directory = "/wal";
    private const int Groups = 3;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void After_a_crash_the_log_is_what_it_was_at_one_moment_after_its_last_promise(int block)
    {
        const ulong SeedsPerBlock = 100;
        for (ulong seed = 0; seed < SeedsPerBlock; seed++)
        {
            new Life(((ulong)block * SeedsPerBlock) + seed, diskLies: false).Live();
        }
    }

    [Fact]
    public void A_disk_that_confirms_what_it_has_not_stored_is_noticed()
    {
        int noticed = 0;
        for (ulong seed = 1; seed <= 20; seed++)
        {
            try
            {
                new Life(seed, diskLies: true).Live();
            }
            catch (Exception e) when (e is Xunit.Sdk.XunitException or LogCorruptException)
            {
                noticed++;
            }
        }

        Assert.InRange(noticed, 15, 20);
    }

    private sealed record Picture(HardState Hard, LogPosition Compacted, ImmutableList<(ulong Term, string Data)> Entries)
    {
        public static Picture Empty { get; } = new(default, default, []);

        public ulong LastIndex => Compacted.Index + (ulong)Entries.Count;

        public string Text() => string.Create(
            CultureInfo.InvariantCulture,
            $"term {Hard.Term} vote {Hard.Vote} after {Compacted.Index}/{Compacted.Term}: {string.Join(' ', Entries.Select(e => $"{e.Term}:{e.Data.Length}:{e.Data[..Math.Min(8, e.Data.Length)]}"))}");
    }

    private sealed class Life
    {
        private readonly ulong _seed;
        private readonly SeededRandom _random;
        private readonly PowerSwitch _power = new();
        private readonly SimulatedDisk _disk;
        private readonly LogOptions _options;
        private readonly List<(long Sequence, ImmutableArray<Picture> Groups)> _moments = [];
        private ImmutableArray<Picture> _now = [.. Enumerable.Repeat(Picture.Empty, Groups)];
        private int _values;

        public Life(ulong seed, bool diskLies)
        {
            _seed = seed;
            _random = new SeededRandom(seed);
            _disk = new SimulatedDisk(_random.Fork(), _power, new Coverage()) { SyncLater = diskLies ? _ => { } : null };
            _options = new LogOptions
            {
                SegmentBytes = _random.Pick([4096L, 16_384L]),
                EntryCacheBytes = _random.Pick([0L, 2_000L, 1L << 20]),
                NewLogId = _random.NextUInt64(),
            };
        }

        public void Live()
        {
            _disk.CreateDirectory(Directory);
            for (int life = 0; life < 12; life++)
            {
                long promised = -1;
                _moments.Clear();
                _moments.Add((0, _now));
                _power.FailAfter(_random.Next(_random.Pick([5, 50, 400])));
                try
                {
                    WriteAheadLog log = WriteAheadLog.Open(_disk, Directory, _options);
                    Compare(log);
                    _moments.Clear();
                    _moments.Add((log.AppendedSequence, _now));
                    for (int step = 0; step < 300; step++)
                    {
                        Step(log);
                        promised = Math.Max(promised, log.DurableSequence);
                    }

                    _power.Disarm();
                }
                catch (Exception) when (_power.Off)
                {
                    // What this is about. The log tells it as the failure of its disk.
                }

                Die();
                _moments.RemoveAll(m => m.Sequence < promised && _moments.Exists(later => later.Sequence > m.Sequence && later.Sequence <= promised));
                Recover();
            }
        }

        private void Step(WriteAheadLog log)
        {
            int at = _random.Next(Groups);
            GroupLog group = log.Group((uint)at);
            Picture picture = _now[at];
            switch (_random.Next(20))
            {
                case < 9:
                    Append(log, group, at, picture);
                    break;
                case < 11:
                    HardState hard = new(picture.Hard.Term + (ulong)_random.Next(2), _random.Next(4), 0);
                    Note(at, picture with { Hard = hard }, group.Append([], hard));
                    break;
                case 11 when picture.Entries.Count > 0:
                    int drop = _random.Between(1, picture.Entries.Count);
                    LogPosition position = new(picture.Compacted.Index + (ulong)drop, picture.Entries[drop - 1].Term);
                    group.Compact(position.Index);
                    Note(at, picture with { Compacted = position, Entries = picture.Entries.RemoveRange(0, drop) }, log.AppendedSequence);
                    break;
                case 12 when _random.Chance(0.3):
                    LogPosition reset = new(picture.LastIndex + (ulong)_random.Between(1, 50), picture.Hard.Term + 1);
                    Note(at, picture with { Compacted = reset, Entries = [] }, group.Reset(reset));
                    break;
                case 13:
                    log.RemoveObsoleteSegments();
                    break;
                case 14:
                    log.Seal();
                    break;
                case 15:
                    log.PrepareNextSegment();
                    break;
                case 16:
                    Read(group, picture);
                    break;
                default:
                    log.Flush();
                    break;
            }
        }

        private void Append(WriteAheadLog log, GroupLog group, int at, Picture picture)
        {
            int keep = picture.Entries.Count == 0 || _random.Chance(0.8) ? picture.Entries.Count : _random.Between(0, picture.Entries.Count);
            ImmutableList<(ulong Term, string Data)> entries = picture.Entries.RemoveRange(keep, picture.Entries.Count - keep);
            ulong term = picture.Hard.Term + 1;
            List<Entry> appended = [];
            for (int n = _random.Between(1, 4); n > 0; n--)
            {
                string data = string.Create(CultureInfo.InvariantCulture, $"{++_values}").PadRight(_random.Pick([10, 100, 600, 6_000]), '.');
                entries = entries.Add((term, data));
                appended.Add(new Entry(picture.Compacted.Index + (ulong)entries.Count, term, EntryKind.Command, Encoding.UTF8.GetBytes(data)));
            }

            HardState hard = new(term, _random.Next(4), 0);
            Note(at, picture with { Hard = hard, Entries = entries }, group.Append(appended, hard));
            _ = log;
        }

        private void Note(int at, Picture picture, long sequence)
        {
            _now = _now.SetItem(at, picture);
            _moments.Add((sequence, _now));
        }

        private static void Read(GroupLog group, Picture picture)
        {
            IReadOnlyList<Entry> entries = group.Entries(group.FirstIndex, group.LastIndex + 1, int.MaxValue);
            Assert.Equal<IEnumerable<string>>(picture.Entries.Select(e => e.Data), entries.Select(e => Encoding.UTF8.GetString(e.Data.Span)));
        }

        /// <summary>Opens the log until the power lets it, and finds the moment that it shows.</summary>
        private void Recover()
        {
            while (true)
            {
                _power.FailAfter(_random.Pick([3, 20, 1_000]));
                try
                {
                    using WriteAheadLog log = WriteAheadLog.Open(_disk, Directory, _options);
                    _power.Disarm();
                    ImmutableArray<Picture> found = PictureOf(log);
                    string text = Text(found);
                    Assert.True(
                        _moments.Exists(m => string.Equals(Text(m.Groups), text, StringComparison.Ordinal)),
                        $"seed {_seed}: found{Environment.NewLine}{text}{Environment.NewLine}possible{Environment.NewLine}{string.Join(Environment.NewLine, _moments.Select(m => m.Sequence + ": " + Text(m.Groups)))}");
                    _now = found;
                    return;
                }
                catch (Exception) when (_power.Off)
                {
                    Die();
                }
            }
        }

        /// <summary>The machine loses its power, or only the process dies, which leaves what it wrote in the page cache, synced or not.</summary>
        private void Die()
        {
            if (_random.Chance(0.4))
            {
                _disk.ProcessDied();
            }
            else
            {
                _disk.Crash();
            }

            _power.TurnOn();
        }

        private void Compare(WriteAheadLog log) => Assert.Equal(Text(_now), Text(PictureOf(log)));

        private static ImmutableArray<Picture> PictureOf(WriteAheadLog log) =>
            [.. Enumerable.Range(0, Groups).Select(g => log.Group((uint)g)).Select(g => new Picture(
                g.HardState,
                g.Compacted,
                [.. g.Entries(g.FirstIndex, g.LastIndex + 1, int.MaxValue).Select(e => (e.Term, Encoding.UTF8.GetString(e.Data.Span)))]))];

        private static string Text(ImmutableArray<Picture> groups) => string.Join(Environment.NewLine, groups.Select(g => g.Text()));
    }
}
