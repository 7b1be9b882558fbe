namespace Lattice.Client.Gateways;

/// <summary>
/// The gateways of a cluster. The first one that answers is used; the others are connected soon after, so that a lost
/// node is replaced at once. Prefers the node that leads the group in question, which saves a hop.
/// </summary>
internal sealed class GatewayPool : IAsyncDisposable
{
    // Head start of one gateway over the next while none is connected.
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(150);

    // How long the others are waited for when one has not let this client in.
    private static readonly TimeSpan PatienceAfterRefusal = TimeSpan.FromMilliseconds(500);

    // A process that makes one call and ends should not connect to every node.
    private static readonly TimeSpan BeforeTheOthers = TimeSpan.FromSeconds(1);

    private enum Rank
    {
        None,
        JustFailed,
        Suspect,
        Good,
        Preferred,
    }

    private readonly OrleansGateway[] gateways;
    private readonly CancellationTokenSource disposed = new();
    private Task others = Task.CompletedTask;
    private int next;
    private int isDisposed;

    public GatewayPool(LatticeClientOptions options) =>
        gateways = [.. options.Gateways.Select(address => new OrleansGateway(address, options))];

    /// <summary>Why this client is let in nowhere; null: there is another reason, or it is.</summary>
    public LatticeAccessException? Refusal => Array.Exists(gateways, g => g.IsConnected) ? null : gateways.Select(g => g.Refusal).FirstOrDefault(r => r is not null);

    /// <summary>Connects to the first gateway that answers.</summary>
    /// <exception cref="LatticeAccessException">One of them does not let this client in, and no other one did soon after.</exception>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        var attempts = new List<Task>();
        foreach (OrleansGateway gateway in gateways)
        {
            attempts.Add(gateway.ConnectAsync());
            Task first = await Task.WhenAny([.. attempts, Task.Delay(HeadStart, cancellation)]).ConfigureAwait(false);
            if (attempts.Contains(first) && first.IsCompletedSuccessfully)
            {
                break;
            }
        }

        await FirstOfAsync(attempts, cancellation).ConfigureAwait(false);
        others = ConnectToTheOthersAsync();
    }

    /// <summary>A gateway to try: the preferred node's if it can be used, else any that can, but <paramref name="not"/> only if there is no other; null if none is connected.</summary>
    public IGateway? Choose(int preferred, IGateway? not)
    {
        OrleansGateway? chosen = null;
        Rank best = Rank.None;
        int start = (int)((uint)Interlocked.Increment(ref next) % (uint)gateways.Length);
        for (int i = 0; i < gateways.Length; i++)
        {
            OrleansGateway gateway = gateways[(start + i) % gateways.Length];
            Rank rank = RankOf(gateway, preferred, not);
            if (rank > best)
            {
                (chosen, best) = (gateway, rank);
            }
        }

        if (best < Rank.Good)
        {
            // Nothing is connected that works: have all of them tried.
            foreach (OrleansGateway gateway in gateways)
            {
                _ = gateway.ConnectAsync();
            }
        }

        return chosen;
    }

    public async ValueTask DisposeAsync()
    {
        // A container disposes of the client once for each of the services under which it is known.
        if (Interlocked.Exchange(ref isDisposed, 1) != 0)
        {
            return;
        }

        await disposed.CancelAsync().ConfigureAwait(false);

        // The gateways first: those that cannot be reached go on connecting until they are disposed of, and the others are waited for below.
        await Task.WhenAll(gateways.Select(g => g.DisposeAsync().AsTask())).ConfigureAwait(false);
        await others.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        disposed.Dispose();
    }

    /// <summary>Waits for one that connects. Those that do not let this client in are waited for no longer than it takes the others to answer.</summary>
    private static async Task FirstOfAsync(List<Task> attempts, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task? refused = null;
        try
        {
            while (attempts.Count > 0)
            {
                Task first = await Task.WhenAny(attempts).WaitAsync(patience.Token).ConfigureAwait(false);
                if (first.IsCompletedSuccessfully)
                {
                    return;
                }

                attempts.Remove(first);
                refused ??= first;
                patience.CancelAfter(PatienceAfterRefusal);
            }
        }
        catch (OperationCanceledException) when (refused is not null && !cancellation.IsCancellationRequested)
        {
            // The refusal is the answer.
        }

        await refused!.ConfigureAwait(false);
    }

    private static Rank RankOf(OrleansGateway gateway, int preferred, IGateway? not) => gateway switch
    {
        { IsConnected: false } => Rank.None,
        _ when gateway == not => Rank.JustFailed,
        { IsSuspect: true } => Rank.Suspect,
        _ => gateway.Node == preferred ? Rank.Preferred : Rank.Good,
    };

    private async Task ConnectToTheOthersAsync()
    {
        await Task.Delay(BeforeTheOthers, disposed.Token).ConfigureAwait(false);
        await ConnectToAllAsync().ConfigureAwait(false);
    }

    private Task ConnectToAllAsync() => Task.WhenAll(gateways.Select(g => g.ConnectAsync()));
}
