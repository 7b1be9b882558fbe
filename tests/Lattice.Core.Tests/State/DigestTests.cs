using CsCheck;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Xunit;
using static Lattice.Core.Tests.State.StateFixture;

namespace Lattice.Core.Tests.State;

/// <summary>The digest of a state depends on its rows and on what it stands for, and on nothing else.</summary>
public sealed class DigestTests
{
    private const uint Group = 7;

    [Fact]
    public void Rows_give_the_same_sums_in_every_order_and_with_every_past()
    {
        Gen<(string Key, string Value, ulong Revision, ulong Expiry)> anyRecord =
            from key in Gen.Int[0, 30]
            from value in Gen.Int[0, 5]
            from revision in Gen.ULong[1, 9]
            from expiry in Gen.ULong[0, 3]
            select ($"{{{key % 7}}}{key}", $"v{value}", revision, expiry);
        Gen.Select(anyRecord.Array[0, 40], anyRecord.Array[0, 40], Gen.Int).Sample(
            (records, past, seed) =>
            {
                List<(byte[] Key, StateRecord Record)> rows = [.. records.DistinctBy(r => r.Key).Select(r => (B(r.Key), Record(r)))];
                var straight = new DigestTable(Group);
                foreach ((byte[] key, StateRecord record) in rows)
                {
                    straight.Replace(DigestTable.BucketOf(key), default, record.Hash);
                }

                // Others were there before, and went one by one; the rows of the end came in another order, as rows of a snapshot.
                var roundabout = new DigestTable(Group);
                List<(byte[] Key, StateRecord Record)> gone = [.. past.Select(r => (B(r.Key), Record(r)))];
                gone.ForEach(r => roundabout.Replace(DigestTable.BucketOf(r.Key), default, r.Record.Hash));
                (byte[] Key, StateRecord Record)[] shuffled = [.. rows];
                new Random(seed).Shuffle(shuffled);
                foreach ((byte[] key, StateRecord record) in shuffled)
                {
                    roundabout.Add(RowKind.Record, key, record.Row.Span);
                }

                gone.ForEach(r => roundabout.Replace(DigestTable.BucketOf(r.Key), r.Record.Hash, default));
                return straight.Sums.SequenceEqual(roundabout.Sums) && straight.Total(default, 1, 2) == roundabout.Total(default, 1, 2);
            },
            iter: 1_000);
    }

    [Fact]
    public void Every_field_of_a_record_counts()
    {
        UInt128[] hashes =
        [
            Hash(),
            Hash(group: 8),
            Hash(key: "l"),
            Hash(key: "k\0"),
            Hash(value: "w"),
            Hash(value: "v\0"),
            Hash(value: ""),
            Hash(revision: 2),
            Hash(expiry: 2),
            Hash(revision: 0, expiry: 1),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.DoesNotContain(UInt128.Zero, hashes);

        static UInt128 Hash(uint group = Group, string key = "k", string value = "v", ulong revision = 1, ulong expiry = 0) =>
            new StateRecord(group, B(key), revision, expiry, B(value)).Hash;
    }

    [Fact]
    public void Entry_revision_clock_sessions_and_members_count()
    {
        var table = new DigestTable(Group);
        UInt128 first = table.Total(new LogPosition(1, 1), 1, 1);
        UInt128[] others =
        [
            table.Total(new LogPosition(2, 1), 1, 1),
            table.Total(new LogPosition(1, 2), 1, 1),
            table.Total(new LogPosition(1, 1), 2, 1),
            table.Total(new LogPosition(1, 1), 1, 2),
        ];
        table.SetConfiguration(SnapshotTests.Members);
        UInt128 withMembers = table.Total(new LogPosition(1, 1), 1, 1);
        table.SetConfiguration(SnapshotTests.Members with { Learners = [4] });
        UInt128 withLearner = table.Total(new LogPosition(1, 1), 1, 1);
        table.Add(RowKind.Session, B("client"), B("results"));
        UInt128 withSession = table.Total(new LogPosition(1, 1), 1, 1);
        Assert.Equal(8, others.Concat([first, withMembers, withLearner, withSession]).Distinct().Count());
    }

    [Fact]
    public void The_buckets_add_up_to_the_digest()
    {
        using StateFixture f = SnapshotTests.Filled();
        UInt128 sum = RowHash.OfCounters(f.Group, f.Machine.Applied, f.Machine.Revision, f.Machine.ClockMs);
        foreach (UInt128 bucket in f.Machine.Digests.Sums)
        {
            sum += bucket;
        }

        Assert.Equal(f.Machine.Digest, sum);
    }

    [Fact]
    public void A_state_that_is_loaded_again_has_the_digest_that_was_kept_while_it_changed()
    {
        using StateFixture f = SnapshotTests.Filled();
        for (int i = 0; i < 20; i++)
        {
            f.Put($"key-{i}", $"changed {i}", (ulong)(i % 2) * 500);
            f.Delete($"key-{i + 100}");
        }

        f.MoveClock(f.Time + 1_000);
        UInt128 kept = f.Machine.Digest;
        UInt128[] sums = f.Machine.Digests.Sums.ToArray();
        f.Flush();
        f.Reopen();
        Assert.Equal(kept, f.Machine.Digest);
        Assert.Equal(sums, f.Machine.Digests.Sums.ToArray());
    }

    [Fact]
    public void Log_stream_and_file_give_the_same_digest_whatever_was_there_before()
    {
        using StateFixture byLog = SnapshotTests.Filled(records: 200);
        using StateFixture again = SnapshotTests.Filled(records: 200);
        Assert.Equal(byLog.Machine.Digest, again.Machine.Digest);

        using var byStream = new StateFixture();
        byStream.Put("old", "gone with its epoch");
        SnapshotTests.Install(byLog.Machine, byStream.Machine);
        Assert.Equal(byLog.Machine.Digest, byStream.Machine.Digest);

        using var folder = new TemporaryFolder();
        var disk = new FolderDisk();
        string path;
        using (GroupSnapshot snapshot = byStream.Machine.OpenSnapshot())
        {
            path = SnapshotFile.Write(disk, folder.Path, new SnapshotFileInfo(1, 2, 3, 4, "lattice"), [snapshot]);
        }

        using var byFile = new StateFixture();
        using (SnapshotFileReader reader = SnapshotFile.Open(disk, path))
        using (SnapshotInstaller installer = byFile.Machine.BeginInstall(reader.ReadMetadata(reader.Sections[0])))
        {
            foreach (ReadOnlyMemory<byte> block in reader.Blocks(reader.Sections[0]))
            {
                installer.Add(block);
            }

            installer.Complete();
        }

        Assert.Equal(byLog.Machine.Digest, byFile.Machine.Digest);
        foreach (StateFixture f in new[] { byLog, byStream, byFile })
        {
            f.Put("key-1", "more");
            f.WriteOne(new WriteBatchBuilder(11, 3).Command(4).Put(B("s"), B("4")));
        }

        Assert.Equal(byLog.Machine.Digest, byStream.Machine.Digest);
        Assert.Equal(byLog.Machine.Digest, byFile.Machine.Digest);
    }

    [Fact]
    public void How_entries_are_grouped_does_not_show_in_the_digest_of_any()
    {
        using var together = new StateFixture();
        using var alone = new StateFixture();
        Entry[] entries = [.. Enumerable.Range(1, 30).Select(i => alone.EntryAt((ulong)i, new WriteBatchBuilder(3, 1).Command((ulong)i).Put(B($"k{i % 4}"), B($"{i}"), 10).Build()))];
        UInt128[] digests = [.. together.Machine.Apply(entries).Select(e => e.Digest)];
        Assert.Equal(digests, entries.Select(e => alone.Machine.Apply([e])[0].Digest));
        Assert.Equal(digests[^1], alone.Machine.Digest);
    }

    private static StateRecord Record((string Key, string Value, ulong Revision, ulong Expiry) r) => new(Group, B(r.Key), r.Revision, r.Expiry, B(r.Value));
}
