using System.Globalization;
using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.Log;
using Lattice.Core.Tests.Disk;
using Xunit;

namespace Lattice.Core.Tests.Log;

/// <summary>What the tests of the log share.</summary>
internal static class LogFixture
{
    public const string Directory = "/wal";

    public static LogOptions Options { get; } = new() { SegmentBytes = 8192, NewLogId = 0xA11CE };

    public static WriteAheadLog Open(FaultyDisk disk, LogOptions? options = null) => WriteAheadLog.Open(disk, Directory, options ?? Options);

    public static string SegmentPath(uint number) => Path.Combine(Directory, number.ToString("D16", CultureInfo.InvariantCulture) + ".wal");

    public static Entry Entry(ulong index, ulong term = 1, string? text = null) =>
        new(index, term, EntryKind.Command, Encoding.UTF8.GetBytes(text ?? string.Create(CultureInfo.InvariantCulture, $"entry {index} of term {term}")));

    public static Entry Entry(ulong index, ulong term, int bytes)
    {
        byte[] data = new byte[bytes];
        new Random((int)index).NextBytes(data);
        return new Entry(index, term, EntryKind.Command, data);
    }

    public static Entry[] Run(ulong from, ulong to, ulong term = 1) => [.. Enumerable.Range((int)from, (int)(to - from + 1)).Select(i => Entry((ulong)i, term))];

    public static IReadOnlyList<Entry> All(GroupLog log) => log.Entries(log.FirstIndex, log.LastIndex + 1, int.MaxValue);

    public static void AssertEntries(IEnumerable<Entry> expected, GroupLog log)
    {
        Entry[] want = [.. expected];
        IReadOnlyList<Entry> have = All(log);
        Assert.Equal(want.Select(e => (e.Index, e.Term, e.Kind)), have.Select(e => (e.Index, e.Term, e.Kind)));
        for (int i = 0; i < want.Length; i++)
        {
            Assert.True(want[i].Data.Span.SequenceEqual(have[i].Data.Span), string.Create(CultureInfo.InvariantCulture, $"payload of entry {want[i].Index}"));
            Assert.Equal(want[i].Term, log.Term(want[i].Index));
        }
    }

    /// <summary>Where the records of a segment lie: offset and size of each.</summary>
    public static IReadOnlyList<(int Offset, int Size, LogRecordHeader Header)> Records(byte[] segment)
    {
        var records = new List<(int, int, LogRecordHeader)>();
        int at = SegmentHeader.Bytes;
        while (at + LogRecord.HeaderBytes <= segment.Length && LogRecord.TryReadHeader(segment.AsSpan(at), out LogRecordHeader header))
        {
            records.Add((at, header.Size, header));
            at += header.Size;
        }

        return records;
    }
}
