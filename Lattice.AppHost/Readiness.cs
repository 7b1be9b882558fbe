using System.Net;

namespace Lattice.AppHost;

/// <summary>Asks nodes whether they serve.</summary>
internal sealed class Readiness : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(2) };

    /// <summary>Waits until a node's health endpoint says that it is ready, however long that takes: the caller knows whether it still runs.</summary>
    public async Task WaitAsync(NodeModel node, CancellationToken cancellation)
    {
        var address = new Uri(node.Metrics.Url, NodeModel.HealthPath);
        using var timer = new PeriodicTimer(Interval);
        while (!await IsReadyAsync(address, cancellation).ConfigureAwait(false))
        {
            await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<bool> IsReadyAsync(Uri address, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(address, cancellation).ConfigureAwait(false);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is HttpRequestException or OperationCanceledException)
        {
            // Nobody listens yet, or the node is too busy with its start to answer.
            return false;
        }
    }
}
