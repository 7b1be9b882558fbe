using System.Text;
using Lattice.Core.Consensus;
using Lattice.Core.State;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

/// <summary>What a check of a stored state has to find, on whatever engine it lies.</summary>
public abstract class StateCheckSpecification
{
    private const uint Group = 5;

    private static readonly byte[] Victim = Encoding.ASCII.GetBytes("{b}victim");

    /// <summary>An empty engine.</summary>
    protected abstract IStateEngine Engine { get; }

    [Fact]
    public void A_sound_state_passes()
    {
        StateMachine machine = Filled();
        Check(machine);
        Engine.Flush();
        Check(new StateMachine(Engine, Group, new StateLimits(), new RecordCache(0)));
    }

    [Fact]
    public void A_changed_byte_of_a_record_is_found_wherever_it_lies_and_the_record_is_named()
    {
        StateMachine machine = Filled();
        byte[] key = machine.Keys.Record(Victim).ToArray();
        byte[] row = Engine.Get(key)!;
        for (int position = 0; position < row.Length; position++)
        {
            byte[] changed = [.. row];
            changed[position] ^= 0x20;
            Put(key, changed);
            Divergence found = Finds(machine);
            Assert.Equal((DivergenceKind.RecordChecksum, DivergencePhase.Scrub, Group), (found.Kind, found.Phase, found.Group));
            Assert.Equal(Victim, Assert.Single(found.Records).Key.ToArray());
            Assert.Equal(changed, found.Records[0].Own!.Value.ToArray());
            Assert.Equal([DigestTable.BucketOf(Victim)], found.Buckets.Select(b => b.Bucket));
        }

        Put(key, row[..20]);
        Assert.Equal(DivergenceKind.RecordChecksum, Finds(machine).Kind);
        Put(key, []);
        Assert.Equal(DivergenceKind.RecordChecksum, Finds(machine).Kind);
        Put(key, row);
        Check(machine);
    }

    [Fact]
    public void A_record_that_is_lost_too_many_or_older_than_it_should_be_is_found_and_its_bucket_is_named()
    {
        StateMachine machine = Filled();
        byte[] key = machine.Keys.Record(Victim).ToArray();
        byte[] row = Engine.Get(key)!;
        Put(key, null);
        FindsBucketOf(machine, Victim);
        Put(key, new StateRecord(Group, Victim, 1, 0, "older"u8).RawRow);
        FindsBucketOf(machine, Victim);
        Put(key, row);
        Check(machine);
        byte[] other = "{b}too many"u8.ToArray();
        Put(machine.Keys.Record(other).ToArray(), new StateRecord(Group, other, 1, 0, "1"u8).RawRow);
        FindsBucketOf(machine, other);
    }

    [Fact]
    public void A_lost_or_surplus_place_in_the_expiry_index_is_found_and_its_bucket_is_named()
    {
        StateMachine machine = Filled();
        byte[] mortal = "{b}mortal"u8.ToArray();
        ulong expiry = new StateRecord(Engine.Get(machine.Keys.Record(mortal))).ExpiryMs;
        byte[] place = machine.Keys.Expiry(expiry, mortal).ToArray();
        Put(place, null);
        FindsBucketOf(machine, mortal);
        Put(place, []);
        Check(machine);
        Put(machine.Keys.Expiry(expiry + 1, Victim).ToArray(), []);
        FindsBucketOf(machine, Victim);
    }

    [Fact]
    public void A_changed_lost_or_surplus_digest_is_found_and_its_bucket_is_named()
    {
        StateMachine machine = Filled();
        byte[] key = DigestKey(machine, DigestTable.BucketOf(Victim));
        byte[] sum = Engine.Get(key)!;
        Put(key, [.. sum[..^1], (byte)(sum[^1] ^ 1)]);
        FindsBucketOf(machine, Victim);
        Put(key, null);
        FindsBucketOf(machine, Victim);
        Put(key, sum);
        Check(machine);
        int empty = Enumerable.Range(0, DigestTable.RecordBuckets).First(b => machine.Digests.Sums[b] == UInt128.Zero);
        Put(DigestKey(machine, empty), sum);
        Assert.Equal([empty], Finds(machine).Buckets.Select(b => b.Bucket));
        Put(DigestKey(machine, empty), sum[..^1]);
        Finds(machine);
    }

    [Fact]
    public void A_changed_or_lost_session_is_found()
    {
        StateMachine machine = Filled();
        (byte[] key, byte[] value) = RowsOf(machine, RowKind.Session).First();
        for (int position = 0; position < value.Length; position++)
        {
            byte[] changed = [.. value];
            changed[position] ^= 0x01;
            Put(key, changed);
            Assert.Equal([DigestTable.SessionBucket], Finds(machine).Buckets.Select(b => b.Bucket));

            // A node that starts reads them at once, and must not stumble.
            Assert.Throws<StateDivergenceException>(Load);
        }

        Put(key, null);
        Assert.Equal([DigestTable.SessionBucket], Finds(machine).Buckets.Select(b => b.Bucket));
        Assert.Throws<StateDivergenceException>(Load);
    }

    [Theory]
    [InlineData(RowKind.Meta)]
    [InlineData(RowKind.Configuration)]
    public void A_damaged_row_that_says_what_the_state_stands_for_is_found_by_a_scrub_and_when_a_node_starts(object kind)
    {
        StateMachine machine = Filled();
        byte[] key = machine.Keys.Fill((RowKind)kind, default).ToArray();
        byte[] row = Engine.Get(key)!;
        for (int position = 0; position < row.Length; position++)
        {
            byte[] changed = [.. row];
            changed[position] ^= 0x40;
            Put(key, changed);
            Assert.Equal(DivergenceKind.StoredDigest, Finds(machine).Kind);
            Assert.Throws<StateDivergenceException>(Load);
        }

        Put(key, null);
        Finds(machine);
        Assert.Throws<StateDivergenceException>(Load);
        Put(key, row);
        Check(machine);
    }

    [Fact]
    public void A_damaged_row_that_names_the_epoch_is_found_by_a_scrub_and_when_a_node_starts()
    {
        StateMachine machine = Filled();
        byte[] row = Engine.Get(StateKeys.Root(Group))!;
        for (int position = 0; position < row.Length; position++)
        {
            byte[] changed = [.. row];
            changed[position] ^= 0x02;
            Put(StateKeys.Root(Group), changed);
            Finds(machine);
            Assert.Throws<StateDivergenceException>(Load);
        }
    }

    [Fact]
    public void An_applied_index_that_is_ahead_of_the_rows_is_found_when_a_node_starts()
    {
        StateMachine machine = Filled();
        Dictionary<string, byte[]> before = Enum.GetValues<RowKind>().SelectMany(k => RowsOf(machine, k)).ToDictionary(r => Convert.ToHexString(r.Key), r => r.Value);
        machine.Apply([new Entry(machine.Applied.Index + 1, 1, EntryKind.Noop, default)]);
        machine.Apply([Commands(machine.Applied.Index + 1, 2_000, new WriteBatchBuilder().Command().Put("{c}later"u8, "1"u8))]);
        byte[] meta = machine.Keys.Fill(RowKind.Meta, default).ToArray();
        foreach ((byte[] key, _) in Enum.GetValues<RowKind>().SelectMany(k => RowsOf(machine, k)).Where(r => !r.Key.AsSpan().SequenceEqual(meta)).ToList())
        {
            Put(key, before.GetValueOrDefault(Convert.ToHexString(key)));
        }

        Divergence found = Assert.Throws<StateDivergenceException>(Load).Divergence;
        Assert.Equal((DivergenceKind.StoredDigest, DivergencePhase.Boot), (found.Kind, found.Phase));
    }

    [Fact]
    public void A_record_whose_hash_does_not_vouch_for_it_is_not_streamed_to_others()
    {
        StateMachine machine = Filled();
        byte[] key = machine.Keys.Record(Victim).ToArray();
        byte[] row = Engine.Get(key)!;
        foreach (int position in new[] { 0, 16, 24, row.Length - 1 })
        {
            byte[] changed = [.. row];
            changed[position] ^= 0x01;
            Put(key, changed);
            using GroupSnapshot view = machine.OpenSnapshot();
            Divergence found = Assert.Throws<StateDivergenceException>(() => view.Blocks().Count()).Divergence;
            Assert.Equal((DivergenceKind.RecordChecksum, DivergencePhase.Snapshot), (found.Kind, found.Phase));
        }
    }

    private StateMachine Filled()
    {
        var machine = new StateMachine(Engine, Group, new StateLimits(), new RecordCache(10));
        machine.Bootstrap(new Configuration { ClusterId = 9, Voters = [1, 2, 3] }, new LogPosition(1, 1));
        var batch = new WriteBatchBuilder();
        for (int i = 0; i < 50; i++)
        {
            batch.Command().Put(Encoding.ASCII.GetBytes($"key-{i}"), Encoding.ASCII.GetBytes($"value {i}"), i % 5 == 0 ? 10_000UL : 0);
        }

        machine.Apply([Commands(2, 1_000, batch)]);
        machine.Apply([Commands(3, 1_100, new WriteBatchBuilder(7, 1).Command(1).Put(Victim, "older"u8).Command(2).Put("{b}mortal"u8, "1"u8, 500))]);
        machine.Apply([Commands(4, 1_200, new WriteBatchBuilder(8, 1).Command(1).Put(Victim, "newer"u8), new WriteBatchBuilder(7, 1).Command(3).Get(Victim))]);
        return machine;
    }

    private static Entry Commands(ulong index, ulong timeMs, params WriteBatchBuilder[] batches) =>
        new(index, 1, EntryKind.Command, EntryPayload.Encode(timeMs, [.. batches.Select(b => (ReadOnlyMemory<byte>)b.Build())]));

    private void Load() => _ = new StateMachine(Engine, Group, new StateLimits(), new RecordCache(0));

    private static void Check(StateMachine machine)
    {
        using GroupSnapshot view = machine.OpenSnapshot();
        StateCheck.Run(view, DivergencePhase.Scrub);
    }

    private static Divergence Finds(StateMachine machine) => Assert.Throws<StateDivergenceException>(() => Check(machine)).Divergence;

    private static void FindsBucketOf(StateMachine machine, ReadOnlySpan<byte> key)
    {
        int bucket = DigestTable.BucketOf(key);
        Divergence found = Finds(machine);
        Assert.Equal(DivergenceKind.StoredDigest, found.Kind);
        Assert.Equal([bucket], found.Buckets.Select(b => b.Bucket));
    }

    private static byte[] DigestKey(StateMachine machine, int bucket) => machine.Keys.Fill(RowKind.Digest, [(byte)(bucket >> 8), (byte)bucket]).ToArray();

    private List<(byte[] Key, byte[] Value)> RowsOf(StateMachine machine, RowKind kind)
    {
        var rows = new List<(byte[], byte[])>();
        using IStateCursor cursor = Engine.Cursor(machine.Keys.Start(kind), machine.Keys.End(kind));
        while (cursor.Next())
        {
            rows.Add((cursor.Key.ToArray(), cursor.Value.ToArray()));
        }

        return rows;
    }

    private void Put(byte[] key, byte[]? value)
    {
        using StateBatch batch = Engine.CreateBatch();
        if (value is null)
        {
            batch.Delete(key);
        }
        else
        {
            batch.Put(key, value);
        }

        Engine.Write(batch);
    }
}
