namespace Lattice.Grains.Operations;

/// <summary>
/// Something that an operator has done to the cluster, as steps. A step may be begun again after the node that ran it was lost, so
/// each does only what has not been done yet.
/// </summary>
internal interface IOperation
{
    /// <summary>What it takes: of two operations with a word in common, one has to wait.</summary>
    IReadOnlyList<string> Takes { get; }

    /// <summary>Its steps, in order; the same ones whenever they are asked for.</summary>
    IReadOnlyList<OperationStep> Steps { get; }

    /// <summary>What it would do, and whether it may. Changes nothing.</summary>
    Task<OperationPlan> PlanAsync(CancellationToken cancellation);
}

/// <summary>A step of an operation.</summary>
/// <param name="Name">What it does.</param>
/// <param name="RunAsync">Does it.</param>
internal sealed record OperationStep(string Name, Func<StepProgress, CancellationToken, Task> RunAsync);

/// <summary>An operation cannot go on. The message says why, what that means and what to do.</summary>
internal sealed class OperationFailedException(string message) : Exception(message);
