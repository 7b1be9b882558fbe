using Lattice.Grains.Requests;

namespace Lattice.Client.Groups;

/// <summary>A scan over all groups: each is read page by page, and the smallest key of all goes first.</summary>
internal sealed class MergedScan
{
    private readonly PriorityQueue<Source, ReadOnlyMemory<byte>> heads = new(Comparer<ReadOnlyMemory<byte>>.Create((a, b) => a.Span.SequenceCompareTo(b.Span)));
    private readonly IReadOnlyList<Source> sources;
    private bool begun;

    public MergedScan(IReadOnlyList<GroupReader> readers, ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to, bool keysOnly) =>
        sources = [.. readers.Select(reader => new Source(reader, new ScanPage(from, to, 0, keysOnly)))];

    /// <summary>The next record; null at the end.</summary>
    public async Task<ScannedRecord?> NextAsync(CancellationToken cancellation)
    {
        if (!begun)
        {
            begun = true;
            await Task.WhenAll(sources.Select(source => source.MoveNextAsync(cancellation))).ConfigureAwait(false);
            foreach (Source source in sources)
            {
                Offer(source);
            }
        }

        if (!heads.TryDequeue(out Source? first, out _))
        {
            return null;
        }

        ScannedRecord record = first.Current!;
        await first.MoveNextAsync(cancellation).ConfigureAwait(false);
        Offer(first);
        return record;
    }

    private void Offer(Source source)
    {
        if (source.Current is { } record)
        {
            heads.Enqueue(source, record.Key);
        }
    }

    /// <summary>One group's part.</summary>
    private sealed class Source(GroupReader reader, ScanPage page)
    {
        private ScanPage? next = page;
        private IReadOnlyList<ScannedRecord> records = [];
        private int position = -1;

        public ScannedRecord? Current => position < records.Count ? records[position] : null;

        public async Task MoveNextAsync(CancellationToken cancellation)
        {
            position++;
            while (position >= records.Count && next is { } wanted)
            {
                ScanResult result = await reader.ScanAsync(wanted, cancellation).ConfigureAwait(false);
                records = result.Records;
                position = 0;
                next = result.More && records.Count > 0 ? wanted with { From = After(records[^1].Key) } : null;
            }
        }

        /// <summary>The smallest key that is larger.</summary>
        private static byte[] After(ReadOnlyMemory<byte> key)
        {
            byte[] after = new byte[key.Length + 1];
            key.CopyTo(after);
            return after;
        }
    }
}
