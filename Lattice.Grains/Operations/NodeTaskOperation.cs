using System.Globalization;

namespace Lattice.Grains.Operations;

/// <summary>An operation that one node does by itself: a snapshot, a compaction.</summary>
internal sealed class NodeTaskOperation(OperationRequest request, OperatorDirectory operators, TimeProvider time, string name, Func<IOperatorService, Guid, ValueTask<NodeTask>> ask) : IOperation
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // A node that is restarted begins anew when it is back; one that stays away fails the operation.
    private static readonly TimeSpan PatienceWithSilence = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IReadOnlyList<string> Takes => [string.Create(CultureInfo.InvariantCulture, $"{name} of node {request.Node}")];

    /// <inheritdoc/>
    public IReadOnlyList<OperationStep> Steps => [new OperationStep(name, RunAsync)];

    /// <inheritdoc/>
    public Task<OperationPlan> PlanAsync(CancellationToken cancellation) => Task.FromResult(operators.Find(request.Node) is null
        ? new OperationPlan { Refusal = $"Node {request.Node} is not running, or not in this cluster: 'lattice status' shows the nodes. Nothing was done." }
        : OperationPlan.Go);

    private async Task RunAsync(StepProgress progress, CancellationToken cancellation)
    {
        long answered = time.GetTimestamp();
        for (; ; )
        {
            if (await AskAsync() is { } task)
            {
                answered = time.GetTimestamp();
                if (task is { IsDone: true, Failure: { } failure })
                {
                    throw new OperationFailedException($"Node {request.Node}: {failure}");
                }

                progress.Report("", task.Bytes);
                if (task.IsDone)
                {
                    Keep(progress, task);
                    return;
                }
            }
            else if (time.GetElapsedTime(answered) > PatienceWithSilence)
            {
                throw new OperationFailedException($"Node {request.Node} does not answer: whether it did what was asked is not known. A half-written file is not left behind under its name. Start the node if it stopped ('lattice status {request.Node}'), then repeat the command.");
            }
            else
            {
                progress.Report($"waiting for node {request.Node} to answer");
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    private static void Keep(StepProgress progress, NodeTask task)
    {
        foreach ((string fact, string value) in task.Facts)
        {
            progress.SetFact(fact, value);
        }
    }

    private async Task<NodeTask?> AskAsync()
    {
        if (operators.Find(request.Node) is not { } service)
        {
            return null;
        }

        try
        {
            return await ask(service, request.Id);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // It may be about to be restarted: its silence is timed by the caller.
            return null;
        }
    }
}
