using Lattice.Core.Consensus;
using Lattice.Core.Telemetry;
using Lattice.Core.Verification;

namespace Lattice.Core.State;

/// <summary>
/// The replicated state of one group on one node: records, sessions, configuration and what they stand for. The same entries
/// give the same rows in every replica's engine. Used by the group's loop only.
/// </summary>
public sealed class StateMachine
{
    private readonly IStateEngine engine;
    private readonly StateLimits limits;
    private readonly RecordCache cache;
    private readonly Func<int, bool>? ownsSlot;
    private readonly QueryExecutor queries;
    private readonly WireWriter metaRow = new(64);
    private GroupMeta meta;
    private uint lastEpoch;
    private bool isNew;
    private Parts parts;
    private ExecutedEntries? pending;
    private Exception? broken;

    // What is made anew when a snapshot begins a new epoch.
    private sealed record Parts(RecordStore Store, DigestTable Digests, UncommittedRecords Records, ExpiryIndex Expiries, SessionTable Sessions, CommandExecutor Executor);

    /// <summary>Reads the group's state from the engine; drops what an interrupted snapshot installation left.</summary>
    /// <param name="engine">The node's engine.</param>
    /// <param name="group">The group.</param>
    /// <param name="limits">Limits; the same on all replicas.</param>
    /// <param name="cache">The node's cache.</param>
    /// <param name="ownsSlot">Whether the group holds a slot; null: it holds all. Must say the same on all replicas for the same entry.</param>
    /// <exception cref="StateFormatException">The state was written by a newer version, or is damaged.</exception>
    public StateMachine(IStateEngine engine, uint group, StateLimits limits, RecordCache cache, Func<int, bool>? ownsSlot = null)
    {
        this.engine = engine;
        Group = group;
        this.limits = limits;
        this.cache = cache;
        this.ownsSlot = ownsSlot;
        queries = new QueryExecutor(limits, ownsSlot);
        byte[]? root = engine.Get(StateKeys.Root(group));
        isNew = root is null;
        lastEpoch = root is null ? 1 : GroupMeta.DecodeRoot(group, root);
        Configuration = Configuration.Empty;
        EpochCleanup.DropAllBut(engine, group, isNew ? null : lastEpoch);
        parts = Load(lastEpoch, cache);
    }

    /// <summary>The group.</summary>
    public uint Group { get; }

    /// <summary>Last entry applied.</summary>
    public LogPosition Applied => meta.Applied;

    /// <summary>Revision of the last command that wrote.</summary>
    public ulong Revision => meta.Revision;

    /// <summary>Latest time stamped by a leader, in milliseconds since 1970.</summary>
    public ulong ClockMs => meta.ClockMs;

    /// <summary>Digest of the state: the same on every replica that has applied the same entries (<c>docs/verification.md</c>).</summary>
    public UInt128 Digest => meta.Digest;

    /// <summary>The members as of the last entry applied.</summary>
    public Configuration Configuration { get; private set; }

    /// <summary>
    /// No record expires before this; null when none will. It can be earlier than the first expiry, when that record was overwritten: moving
    /// the clock there then removes nothing and corrects it.
    /// </summary>
    public ulong? NextExpiryMs => parts.Expiries.NextMs;

    /// <summary>Client sessions remembered.</summary>
    public int SessionCount => parts.Sessions.Count;

    /// <summary>Where the rows lie in the engine.</summary>
    internal StateKeys Keys => parts.Store.Keys;

    /// <summary>The committed records.</summary>
    internal RecordStore Records => parts.Store;

    /// <summary>How often the cache answered.</summary>
    internal CacheReads CacheReads { get; } = new();

    /// <summary>Digests of the buckets.</summary>
    internal DigestTable Digests => parts.Digests;

    /// <summary>Limits; the same on all replicas.</summary>
    internal StateLimits Limits => limits;

    /// <summary>What was executed and not committed yet; null: nothing.</summary>
    internal ExecutedEntries? Pending => pending;

    /// <summary>Whether the group holds a slot; null: it holds all.</summary>
    internal Func<int, bool>? OwnsSlot => ownsSlot;

    /// <summary>Executes the entries and writes all that they change in one batch of the engine.</summary>
    /// <param name="entries">The entries after <see cref="Applied"/>, without gaps.</param>
    /// <param name="applyConfiguration">Called for entries of kind configuration; by default they are decoded.</param>
    /// <returns>For each entry the results of its write batches.</returns>
    /// <exception cref="Disk.DiskFullException">Nothing was written, nothing can be seen; call again with the same entries.</exception>
    /// <exception cref="StateFormatException">An entry was written by a newer version, or the state is damaged: the replica must stop.</exception>
    public IReadOnlyList<AppliedEntry> Apply(IReadOnlyList<Entry> entries, Func<Entry, Configuration>? applyConfiguration = null)
    {
        ExecutedEntries executed = Execute(entries, applyConfiguration);
        Commit(executed);
        return executed.Entries;
    }

    /// <summary>Executes the entries in memory. Nothing can be seen, nothing is written before <see cref="Commit"/>, which must follow.</summary>
    internal ExecutedEntries Execute(IReadOnlyList<Entry> entries, Func<Entry, Configuration>? applyConfiguration = null)
    {
        ThrowIfBroken();
        if (pending is not null)
        {
            // The batch could not be written because the volume was full. The entries were executed once and must not be again.
            return pending.Position.Index == entries[^1].Index && pending.Entries.Count == entries.Count
                ? pending
                : throw new InvalidOperationException($"Group {Group}: entries up to {pending.Position.Index} were executed but not written yet; the same entries must be applied again before others.");
        }

        try
        {
            pending = ExecuteOn(parts, entries, applyConfiguration);
            return pending;
        }
        catch (Exception e)
        {
            // What was executed before the failure is in memory, half of an entry perhaps: nothing may build on it.
            broken = e;
            throw;
        }
    }

    /// <summary>Writes what <see cref="Execute"/> prepared, atomically, and lets it be seen.</summary>
    internal void Commit(ExecutedEntries executed)
    {
        ThrowIfBroken();
        if (!ReferenceEquals(executed, pending))
        {
            throw new InvalidOperationException($"Group {Group}: only what was executed last can be committed.");
        }

        var next = new GroupMeta(executed.Position, executed.Revision, executed.ClockMs, executed.Entries[^1].Digest);
        using (StateBatch batch = engine.CreateBatch())
        {
            parts.Records.WriteTo(batch);
            parts.Sessions.WriteTo(batch);
            WriteMeta(batch, next, executed.Configuration);
            engine.Write(batch);
        }

        parts.Records.Committed();
        parts.Expiries.Committed();
        parts.Sessions.Committed();
        parts.Digests.Committed();
        meta = next;
        Configuration = executed.Configuration ?? Configuration;
        isNew = false;
        pending = null;
    }

    /// <summary>
    /// Executes entries that were executed but not committed once more, from what is stored, past the cache, and to no effect: to tell a passing fault from one
    /// that repeats itself.
    /// </summary>
    internal ExecutedEntries ExecuteAside(IReadOnlyList<Entry> entries) => ExecuteOn(Load(Keys.Epoch, new RecordCache(0)), entries, applyConfiguration: null);

    /// <summary>Answers a query batch from what has been applied.</summary>
    /// <returns>A query result (<c>docs/wire-format.md</c>); a malformed batch is answered with a refusal.</returns>
    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> queryBatch) => queries.Execute(queryBatch.Span, parts.Store, meta);

    /// <summary>Value of a record; null when there is none.</summary>
    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        StateRecord record = parts.Store.Read(key).VisibleAt(ClockMs);
        return record.Exists ? record.ValueSpan.ToArray() : null;
    }

    /// <summary>Value of a record whose key is text; null when there is none.</summary>
    public byte[]? Get(string key) => Get(System.Text.Encoding.UTF8.GetBytes(key));

    /// <summary>Gives a group that has no state its first: members, and the position from which its log begins.</summary>
    public void Bootstrap(Configuration configuration, LogPosition at)
    {
        ThrowIfBroken();
        if (!isNew)
        {
            throw new InvalidOperationException($"Group {Group} has a state already, up to entry {Applied.Index}.");
        }

        parts.Digests.SetConfiguration(configuration);
        var first = new GroupMeta(at, 0, 0, parts.Digests.Total(at, 0, 0));
        using StateBatch batch = engine.CreateBatch();
        WriteMeta(batch, first, configuration);
        engine.Write(batch);
        parts.Digests.Committed();
        meta = first;
        Configuration = configuration;
        isNew = false;
    }

    /// <summary>A view of the state as of now, to be streamed; does not hold up what is applied after it.</summary>
    public GroupSnapshot OpenSnapshot() => new(engine.Snapshot(), new SnapshotHeader(Group, meta, Configuration), Keys.Epoch);

    /// <summary>Begins to take a snapshot in, one at a time. The present state serves on until <see cref="SnapshotInstaller.Complete"/>.</summary>
    /// <param name="metadata">What the snapshot stands for; must be ahead of <see cref="Applied"/>.</param>
    public SnapshotInstaller BeginInstall(SnapshotMetadata metadata)
    {
        if (metadata.Position.Index <= Applied.Index)
        {
            throw new InvalidOperationException($"Group {Group}: a snapshot at entry {metadata.Position.Index} cannot replace the state at entry {Applied.Index}.");
        }

        return new SnapshotInstaller(engine, metadata, new StateKeys(Group, ++lastEpoch), Keys.Epoch + 1, Switch);
    }

    /// <summary>Makes an installed snapshot the state.</summary>
    private void Switch(SnapshotInstaller installed)
    {
        SnapshotHeader header = installed.Header;
        if (header.Meta.Applied.Index <= Applied.Index)
        {
            throw new InvalidOperationException($"Group {Group}: a snapshot at entry {header.Meta.Applied.Index} cannot replace the state, which has reached entry {Applied.Index} meanwhile.");
        }

        using (StateBatch batch = engine.CreateBatch())
        {
            header.Meta.EncodeTo(metaRow);
            batch.Put(StateKeys.Root(Group), GroupMeta.EncodeRoot(installed.Keys.Epoch));
            batch.Put(installed.Keys.Fill(RowKind.Meta, default), metaRow.Written);
            batch.Put(installed.Keys.Fill(RowKind.Configuration, default), ConfigurationCodec.Encode(header.Configuration));
            installed.Digests.WriteTo(batch, installed.Keys);
            if (!isNew)
            {
                batch.DeleteRange(StateKeys.EpochStart(Group, Keys.Epoch), StateKeys.EpochStart(Group, Keys.Epoch + 1));
            }

            engine.Write(batch);
        }

        // Whatever was executed, or failed to be, on the old state is history with it.
        isNew = false;
        pending = null;
        broken = null;
        parts = Load(installed.Keys.Epoch, cache);
    }

    private ExecutedEntries ExecuteOn(Parts on, IReadOnlyList<Entry> entries, Func<Entry, Configuration>? applyConfiguration)
    {
        on.Executor.Resume(meta.Revision, meta.ClockMs);
        var applied = new AppliedEntry[entries.Count];
        int[] effectEnds = new int[entries.Count];
        Configuration? configuration = null;
        LogPosition position = meta.Applied;
        for (int i = 0; i < applied.Length; i++)
        {
            Entry entry = entries[i];
            if (entry.Index != position.Index + 1)
            {
                throw new InvalidOperationException($"Group {Group}: entry {entry.Index} was to be applied after entry {position.Index}.");
            }

            position = new LogPosition(entry.Index, entry.Term);
            ReadOnlyMemory<byte>[] results = [];
            if (entry.Kind == EntryKind.Command)
            {
                results = ExecuteCommands(on, entry);
            }
            else if (entry.Kind == EntryKind.Configuration)
            {
                configuration = applyConfiguration is null ? ConfigurationCodec.Decode(entry.Data.Span) : applyConfiguration(entry);
                on.Digests.SetConfiguration(configuration);
            }

            effectEnds[i] = on.Records.Effects.Count;
            applied[i] = new AppliedEntry(entry.Index, entry.Term, results, on.Digests.Total(position, on.Executor.Revision, on.Executor.ClockMs));
        }

        return new ExecutedEntries(applied, on.Records.Effects, effectEnds, position, on.Executor.Revision, on.Executor.ClockMs, configuration);
    }

    private static ReadOnlyMemory<byte>[] ExecuteCommands(Parts on, Entry entry)
    {
        if (!EntryPayload.TryDecode(entry.Data, out EntryPayload? payload))
        {
            // No leader writes this. Every replica reads the same bytes, so passing over it keeps them equal.
            return [];
        }

        on.Executor.MoveClock(payload.TimeMs);
        var results = new ReadOnlyMemory<byte>[payload.Batches.Count];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = on.Executor.Execute(payload.Batches[i].Span, entry.Index, i);
        }

        return results;
    }

    private void WriteMeta(StateBatch batch, GroupMeta written, Configuration? configuration)
    {
        if (isNew)
        {
            batch.Put(StateKeys.Root(Group), GroupMeta.EncodeRoot(Keys.Epoch));
        }

        written.EncodeTo(metaRow);
        parts.Digests.WriteTo(batch, Keys);
        batch.Put(Keys.Fill(RowKind.Meta, default), metaRow.Written);
        if (configuration is not null || isNew)
        {
            batch.Put(Keys.Fill(RowKind.Configuration, default), ConfigurationCodec.Encode(configuration ?? Configuration));
        }
    }

    private Parts Load(uint epoch, RecordCache cached)
    {
        var keys = new StateKeys(Group, epoch);
        var store = new RecordStore(engine, keys, cached, CacheReads);
        var digests = new DigestTable(Group);
        var records = new UncommittedRecords(store, digests);
        var expiries = new ExpiryIndex(store);
        var sessions = new SessionTable(limits, store, digests);
        if (!isNew)
        {
            byte[] row = engine.Get(keys.Fill(RowKind.Meta, default)) ?? throw GroupMeta.Damaged(Group);
            meta = GroupMeta.Decode(Group, row);
            Configuration = ReadConfiguration(keys);
            digests.Load(engine, keys);
            expiries.Load();
            sessions.Load();
            CheckDigest(digests, epoch);
        }
        else
        {
            digests.SetConfiguration(Configuration);
            meta = new GroupMeta(default, 0, 0, digests.Total(default, 0, 0));
        }

        return new Parts(store, digests, records, expiries, sessions, new CommandExecutor(limits, ownsSlot, records, expiries, sessions));
    }

    private Configuration ReadConfiguration(StateKeys keys)
    {
        try
        {
            return ConfigurationCodec.Decode(engine.Get(keys.Fill(RowKind.Configuration, default)) ?? throw GroupMeta.Damaged(Group));
        }
        catch (ConfigurationFormatException)
        {
            throw GroupMeta.Damaged(Group);
        }
    }

    /// <summary>The digest of the whole has to be the sum of its parts, and the configuration's has to be that of the row.</summary>
    private void CheckDigest(DigestTable digests, uint epoch)
    {
        byte[] row = engine.Get(new StateKeys(Group, epoch).Fill(RowKind.Configuration, default)) ?? throw GroupMeta.Damaged(Group);
        bool configurationIsSound = digests.Sums[DigestTable.ConfigurationBucket] == RowHash.Of(Group, RowKind.Configuration, default, row);
        if (!configurationIsSound || digests.Total(meta.Applied, meta.Revision, meta.ClockMs) != meta.Digest)
        {
            throw new StateDivergenceException(new Divergence
            {
                Kind = DivergenceKind.StoredDigest,
                Phase = DivergencePhase.Boot,
                Group = Group,
                Entry = meta.Applied,
                Message = configurationIsSound
                    ? $"The stored digest of group {Group} at entry {meta.Applied.Index} is not the sum of the stored digests of its buckets."
                    : $"The configuration of group {Group} in the state is not the one that was written.",
                Buckets = configurationIsSound ? [] : [new DivergentBucket(DigestTable.ConfigurationBucket)],
            });
        }
    }

    private void ThrowIfBroken()
    {
        if (broken is not null)
        {
            throw new InvalidOperationException($"Group {Group}: executing an earlier entry failed, so nothing more can be applied: {broken.Message}", broken);
        }
    }
}
