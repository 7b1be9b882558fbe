using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Lattice.Client.Gateways;
using Lattice.Client.Groups;
using Lattice.Grains;
using Lattice.Grains.Requests;

namespace Lattice.Client;

/// <summary>
/// A client of a Lattice cluster. One is enough for a process; all members may be called from any thread. Requests that are made at the
/// same time share calls. Every write is done exactly once, whatever is lost on the way.
/// </summary>
public sealed class LatticeClient : IAsyncDisposable
{
    // Wait before the cluster is asked again for its shape while it is being founded.
    private static readonly TimeSpan FoundingPause = TimeSpan.FromMilliseconds(50);

    private readonly LatticeClientOptions options;
    private readonly GatewayPool pool;
    private readonly GroupRouter router;
    private readonly ConcurrentDictionary<uint, GroupWriter> writers = new();
    private readonly ConcurrentDictionary<(uint Group, ReadConsistency Consistency), GroupReader> readers = new();
    private volatile Topology? topology;

    private LatticeClient(LatticeClientOptions options)
    {
        this.options = options;
        pool = new GatewayPool(options);
        router = new GroupRouter(pool.Choose, options);
    }

    /// <summary>Connects to the first of the gateways that answers.</summary>
    /// <exception cref="LatticeUnavailableException">None answered within the request timeout.</exception>
    /// <exception cref="LatticeAccessException">The cluster does not let this client in.</exception>
    public static async Task<LatticeClient> ConnectAsync(LatticeClientOptions options, CancellationToken cancellation = default)
    {
        options.Validate();
        var client = new LatticeClient(options);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(options.RequestTimeout);
        try
        {
            await client.pool.ConnectAsync(deadline.Token).ConfigureAwait(false);
            return client;
        }
        catch (LatticeAccessException)
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        catch (OperationCanceledException e)
        {
            await client.DisposeAsync().ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            throw new LatticeUnavailableException($"None of the gateways of cluster '{options.ClusterName}' answered within {options.RequestTimeout.TotalSeconds:0.#} s: {string.Join(", ", options.Gateways)}. Check that the nodes run, that the addresses are their gateways', and the cluster's name{(options.Tls is null ? "; if the cluster uses TLS, this client has to as well" : "")}.", e);
        }
    }

    /// <summary>Reads a record; null when there is none.</summary>
    /// <exception cref="LatticeException">It could not be read.</exception>
    public async Task<LatticeRecord?> GetAsync(ReadOnlyMemory<byte> key, ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellation = default)
    {
        GroupReader reader = Reader(await GroupOfAsync(SlotHash.SlotOf(key.Span), cancellation).ConfigureAwait(false), consistency);
        return await Refusals(reader.GetAsync(key, cancellation)).ConfigureAwait(false);
    }

    /// <inheritdoc cref="GetAsync(ReadOnlyMemory{byte}, ReadConsistency, CancellationToken)"/>
    public Task<LatticeRecord?> GetAsync(string key, ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellation = default) =>
        GetAsync(Bytes(key), consistency, cancellation);

    /// <summary>Sets a record, whatever it was.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="timeToLive">Time after which it expires; null: never.</param>
    /// <param name="cancellation">Stops waiting; the write may still be done.</param>
    /// <returns>Its new revision.</returns>
    /// <exception cref="LatticeException">It is not known to be set.</exception>
    public async Task<ulong> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, TimeSpan? timeToLive = null, CancellationToken cancellation = default) =>
        (await ExecuteAsync(new Command([], [Operation.Put(key, value, timeToLive)]), cancellation).ConfigureAwait(false)).Revision;

    /// <inheritdoc cref="PutAsync(ReadOnlyMemory{byte}, ReadOnlyMemory{byte}, TimeSpan?, CancellationToken)"/>
    public Task<ulong> PutAsync(string key, string value, TimeSpan? timeToLive = null, CancellationToken cancellation = default) =>
        PutAsync(Bytes(key), Bytes(value), timeToLive, cancellation);

    /// <summary>Removes a record.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="LatticeException">It is not known to be removed.</exception>
    public async Task<bool> DeleteAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation = default) =>
        (await ExecuteAsync(new Command([], [Operation.Delete(key)]), cancellation).ConfigureAwait(false)).Records[0] is not null;

    /// <inheritdoc cref="DeleteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public Task<bool> DeleteAsync(string key, CancellationToken cancellation = default) => DeleteAsync(Bytes(key), cancellation);

    /// <summary>Sets a record if it is as expected.</summary>
    /// <exception cref="LatticeException">Whether it was set is not known, or the request is not allowed.</exception>
    public async Task<CompareAndSetResult> CompareAndSetAsync(ReadOnlyMemory<byte> key, Expected expected, ReadOnlyMemory<byte> value, TimeSpan? timeToLive = null, CancellationToken cancellation = default)
    {
        CommandResult result = await ExecuteAsync(new Command([expected.Of(key)], [Operation.Put(key, value, timeToLive)]), cancellation).ConfigureAwait(false);
        return result.Status == CommandStatus.Done
            ? new CompareAndSetResult(true, result.Revision, null)
            : new CompareAndSetResult(false, 0, result.Records[0]);
    }

    /// <inheritdoc cref="CompareAndSetAsync(ReadOnlyMemory{byte}, Expected, ReadOnlyMemory{byte}, TimeSpan?, CancellationToken)"/>
    public Task<CompareAndSetResult> CompareAndSetAsync(string key, Expected expected, string value, TimeSpan? timeToLive = null, CancellationToken cancellation = default) =>
        CompareAndSetAsync(Bytes(key), expected, Bytes(value), timeToLive, cancellation);

    /// <summary>Has a transaction done: its conditions are looked at, then its operations done, all or none. All keys must lie in one slot.</summary>
    /// <returns>Whether it was done, or which condition did not hold; with the records that were seen.</returns>
    /// <exception cref="LatticeException">Whether it was done is not known, or it is not allowed.</exception>
    public async Task<CommandResult> ExecuteAsync(Command command, CancellationToken cancellation = default)
    {
        uint group = await GroupOfAsync(command.Slot, cancellation).ConfigureAwait(false);
        GroupWriter writer = writers.GetOrAdd(group, static (id, self) => new GroupWriter(id, self.router, self.options), this);
        CommandResult result = await writer.WriteAsync(command, cancellation).ConfigureAwait(false);
        return result.Status == CommandStatus.Refused ? throw new LatticeRequestException(result.Reason, result.Message) : result;
    }

    /// <summary>
    /// Reads the records of a range in order of their keys, page by page, from all groups at once. What one page shows of one group was true
    /// at one moment; pages and groups may be of different moments.
    /// </summary>
    /// <param name="from">First key, inclusive; empty: from the beginning.</param>
    /// <param name="to">Last key, exclusive; empty: to the end.</param>
    /// <param name="keysOnly">Whether values are left out.</param>
    /// <param name="consistency">How recent each page has to be.</param>
    /// <param name="cancellation">Ends the scan.</param>
    /// <exception cref="LatticeException">A page could not be read.</exception>
    public async IAsyncEnumerable<ScannedRecord> ScanAsync(
        ReadOnlyMemory<byte> from = default,
        ReadOnlyMemory<byte> to = default,
        bool keysOnly = false,
        ReadConsistency consistency = ReadConsistency.Linearizable,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        Topology known = await TopologyAsync(cancellation).ConfigureAwait(false);
        var scan = new MergedScan([.. known.Groups.Select(group => Reader(group, consistency))], from, to, keysOnly);
        while (await Refusals(scan.NextAsync(cancellation)).ConfigureAwait(false) is { } record)
        {
            yield return record;
        }
    }

    /// <summary>Reads the records whose keys begin with a text, in order.</summary>
    public IAsyncEnumerable<ScannedRecord> ScanPrefixAsync(string prefix, CancellationToken cancellation = default)
    {
        byte[] from = Bytes(prefix);
        return ScanAsync(from, EndOfPrefix(from), cancellation: cancellation);
    }

    /// <summary>The state of every node.</summary>
    /// <param name="timeoutMs">Milliseconds after which a node counts as unreachable.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<ClusterStatus> StatusAsync(int timeoutMs = 500, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.StatusAsync(timeoutMs), cancellation);

    /// <summary>What happened lately on one node or on all, as one story in causal order.</summary>
    /// <param name="node">The node; null: all members that answer.</param>
    /// <param name="group">In this group and to nodes as a whole; null: in all.</param>
    /// <param name="last">How many events: the newest.</param>
    /// <param name="timeoutMs">Milliseconds after which a node counts as unreachable.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<TraceStory> TraceAsync(int? node = null, uint? group = null, int last = 200, int timeoutMs = 500, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.TraceAsync(node ?? 0, group, last, timeoutMs), cancellation);

    /// <summary>Asks a node to stop as on SIGTERM; false if it could not be reached.</summary>
    public Task<bool> StopNodeAsync(int node, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.StopNodeAsync(node), cancellation);

    /// <summary>Injects a fault into a node, to rehearse what to do about it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="kind">memory, cache, disk, command or protocol.</param>
    /// <param name="group">The group.</param>
    /// <param name="who">Who asks for it, for the node's log.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<DrillReply> DrillAsync(int node, string kind, uint group, string who, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.DrillAsync(node, kind, group, who), cancellation);

    /// <summary>When the replicas of a group did not agree, newest first.</summary>
    public Task<IncidentHistory> IncidentsAsync(CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.IncidentsAsync(), cancellation);

    /// <summary>Has a node check everything that it holds, or tells how far it is; see <see cref="INodeGrain.Verify"/>.</summary>
    public Task<VerifyProgress> VerifyAsync(int node, bool begin, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.VerifyAsync(node, begin), cancellation);

    /// <summary>What an operation would do, and what has to be confirmed first; see <see cref="IAdminGrain.Plan"/>.</summary>
    public Task<OperationPlan> PlanOperationAsync(OperationRequest request, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.AdminAsync(admin => admin.Plan(request)), cancellation);

    /// <summary>Begins an operation; see <see cref="IAdminGrain.Start"/>.</summary>
    public Task<OperationReport> StartOperationAsync(OperationRequest request, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.AdminAsync(admin => admin.Start(request)), cancellation);

    /// <summary>How an operation stands; null: there is none of this id.</summary>
    public Task<OperationReport?> FindOperationAsync(Guid id, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.AdminAsync(admin => admin.Find(id)), cancellation);

    /// <summary>The latest operations and what happened to them.</summary>
    public Task<OperationHistory> OperationsAsync(CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.AdminAsync(admin => admin.List()), cancellation);

    /// <summary>Begins a backup of a node; see <see cref="INodeGrain.BackupOpen"/>.</summary>
    public Task<BackupTicket> OpenBackupAsync(int node, Guid id, string who, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.BackupOpenAsync(node, id, who), cancellation);

    /// <summary>A part of a backup; see <see cref="INodeGrain.BackupRead"/>.</summary>
    public Task<BackupPart> ReadBackupAsync(int node, Guid id, long number, CancellationToken cancellation = default) =>
        AskAsync(gateway => gateway.BackupReadAsync(node, id, number), cancellation);

    /// <summary>Ends a backup; see <see cref="INodeGrain.BackupClose"/>.</summary>
    public Task CloseBackupAsync(int node, Guid id, bool isWhole, CancellationToken cancellation = default) =>
        AskAsync(
            async gateway =>
            {
                await gateway.BackupCloseAsync(node, id, isWhole).ConfigureAwait(false);
                return true;
            },
            cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => pool.DisposeAsync();

    /// <summary>First key after all that begin with the prefix; empty when there is none.</summary>
    internal static byte[] EndOfPrefix(ReadOnlySpan<byte> prefix)
    {
        int length = prefix.Length;
        while (length > 0 && prefix[length - 1] == byte.MaxValue)
        {
            length--;
        }

        byte[] end = prefix[..length].ToArray();
        if (length > 0)
        {
            end[^1]++;
        }

        return end;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static async Task<T> Refusals<T>(Task<T> read)
    {
        try
        {
            return await read.ConfigureAwait(false);
        }
        catch (QueryRefusedException e)
        {
            throw new LatticeRequestException(e.Reason, e.Message);
        }
    }

    private GroupReader Reader(uint group, ReadConsistency consistency) =>
        readers.GetOrAdd((group, consistency), static (id, self) => new GroupReader(id.Group, id.Consistency, self.router, self.options), this);

    private async ValueTask<uint> GroupOfAsync(int slot, CancellationToken cancellation) =>
        (topology ?? await TopologyAsync(cancellation).ConfigureAwait(false)).GroupOf(slot);

    private async ValueTask<Topology> TopologyAsync(CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(options.RequestTimeout);
        while (topology is null)
        {
            ClusterTopology asked = await AskAsync(gateway => gateway.TopologyAsync(), cancellation).ConfigureAwait(false);
            if (asked.Slots.Count > 0)
            {
                topology = new Topology(asked);
                break;
            }

            if (deadline.IsCancellationRequested)
            {
                cancellation.ThrowIfCancellationRequested();
                throw new LatticeUnavailableException($"The cluster '{options.ClusterName}' is not founded yet: a majority of its nodes has to be up once. 'lattice status' shows which are.");
            }

            await Task.Delay(FoundingPause, cancellation).ConfigureAwait(false);
        }

        return topology;
    }

    /// <summary>Asks whichever node answers; only for what may be asked twice.</summary>
    private async Task<T> AskAsync<T>(Func<IGateway, Task<T>> ask, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(options.RequestTimeout);
        IGateway? failed = null;
        Exception? last = null;
        while (!deadline.IsCancellationRequested)
        {
            if (pool.Choose(0, failed) is not { } gateway)
            {
                if (pool.Refusal is { } refusal)
                {
                    throw new LatticeAccessException(refusal.Refusal, refusal.Message, refusal);
                }

                await Task.Delay(FoundingPause, cancellation).ConfigureAwait(false);
                continue;
            }

            try
            {
                T answer = await ask(gateway).WaitAsync(options.AttemptTimeout, deadline.Token).ConfigureAwait(false);
                gateway.Answered();
                return answer;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && e is not LatticeAccessException)
            {
                (failed, last) = (gateway, e);
                gateway.Failed();
            }
        }

        cancellation.ThrowIfCancellationRequested();
        throw new LatticeUnavailableException($"No node of the cluster '{options.ClusterName}' answered within {options.RequestTimeout.TotalSeconds:0.#} s. Check that the nodes run: {string.Join(", ", options.Gateways)}.", last);
    }
}
