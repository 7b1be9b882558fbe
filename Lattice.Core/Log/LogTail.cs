namespace Lattice.Core.Log;

/// <summary>
/// Decides what it means that the log breaks off: the end, a torn tail, or corruption.
/// <para>
/// Writes are only ever made behind the last record, and a segment is entered only when the one before it, with its
/// last record, has been synced. So a crash can damage nothing but what was written since the last sync, all of it in the
/// last segment with records, all of it behind what had been synced; but there it may leave any subset of the sectors. Let S be the
/// sequence number that is expected where the log breaks off. Then
/// </para>
/// <list type="bullet">
/// <item>only zeros follow: the log ends here;</item>
/// <item>a good record follows whose header says that S had been synced before it was written: the disk lost what it
/// had promised to keep, corruption;</item>
/// <item>a good record stands exactly here but is not number S of this chain: no crash moves records, corruption;</item>
/// <item>anything else (garbage, or good records that say S had <i>not</i> been synced): the remains of writes that a crash
/// interrupted. Nobody was promised them under <c>sync_on_write</c>, since S itself and all behind it was never
/// synced. They are cut: overwritten with zeros, so that they never follow a later record by accident.</item>
/// </list>
/// <para>
/// One case looks like a torn tail and is not: damage to the very last write, synced but with nothing behind it that
/// says so. A mark is written whenever the log falls idle and when it is closed, to leave that window open only under load.
/// </para>
/// </summary>
internal static class LogTail
{
    /// <summary>Throws if the log, which breaks off at <paramref name="offset"/>, was damaged there; returns otherwise.</summary>
    /// <param name="segment">The last segment with records.</param>
    /// <param name="offset">Where the log breaks off.</param>
    /// <param name="end">End of the bytes that are not zero.</param>
    /// <param name="expected">Sequence of the record that should be there.</param>
    /// <param name="seed">Seed of the segment's checks.</param>
    public static void Judge(Segment segment, long offset, long end, long expected, long seed)
    {
        // All of the rest: a good record may end in zeros.
        byte[] rest = new byte[segment.File.Length - offset];
        int read = segment.File.Read(offset, rest);
        ReadOnlySpan<byte> bytes = rest.AsSpan(0, read);
        int last = (int)Math.Min(end - offset, read - LogRecord.HeaderBytes);
        for (int at = 0; at <= last;)
        {
            if (!LogRecord.TryReadHeader(bytes[at..], out LogRecordHeader header)
                || (at > 0 && header.Sequence < expected)
                || header.Size > read - at
                || !LogRecord.Verify(bytes.Slice(at, header.Size), seed))
            {
                at += sizeof(ulong);
                continue;
            }

            if (header.SyncedThrough >= expected)
            {
                throw new LogCorruptException(
                    segment.Path,
                    offset,
                    $"record {expected} is damaged or missing, but record {header.Sequence} at offset {offset + at} is good and proves that it had been durable.");
            }

            if (at == 0)
            {
                throw new LogCorruptException(segment.Path, offset, $"record {expected} should be here, but there is record {header.Sequence}, which does not follow the one before it.");
            }

            at += header.Size;
        }
    }
}
