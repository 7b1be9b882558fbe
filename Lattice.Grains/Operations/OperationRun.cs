namespace Lattice.Grains.Operations;

/// <summary>One operation on its way through its steps. Used in one activation's turns only.</summary>
internal sealed class OperationRun
{
    private readonly IOperation operation;
    private readonly TimeProvider time;
    private readonly Func<OperationRun, Task> changed;
    private readonly StepReport[] steps;
    private readonly SortedDictionary<string, string> facts;
    private OperationReport report;

    /// <summary>Begins a new operation, or takes one up that another node began.</summary>
    /// <param name="operation">What it does.</param>
    /// <param name="report">How it stands.</param>
    /// <param name="time">Clock.</param>
    /// <param name="changed">Called when a step has ended, and waited for: what is done shall be in the journal before the next step.</param>
    public OperationRun(IOperation operation, OperationReport report, TimeProvider time, Func<OperationRun, Task> changed)
    {
        (this.operation, this.report, this.time, this.changed) = (operation, report, time, changed);
        facts = new SortedDictionary<string, string>(report.Facts.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);
        steps = [.. operation.Steps.Select((step, i) => i < report.Steps.Count && report.Steps[i].Name == step.Name
            ? report.Steps[i]
            : new StepReport(step.Name, OperationState.Waiting, "", 0, 0))];
    }

    /// <summary>What it takes from others.</summary>
    public IReadOnlyList<string> Takes => operation.Takes;

    /// <summary>How it stands now.</summary>
    public OperationReport Report => report with { Steps = [.. steps], Facts = facts.ToDictionary(StringComparer.Ordinal) };

    /// <summary>Whether the journal holds it as it was at the end of its last step.</summary>
    public bool IsJournaled
    {
        set => report = report with { IsJournaled = value };
    }

    /// <summary>Does the steps that are not done. Ends without an outcome when it is cancelled: another node goes on.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await changed(this);
            IReadOnlyList<OperationStep> todo = operation.Steps;
            for (int i = 0; i < steps.Length; i++)
            {
                if (steps[i].State != OperationState.Done)
                {
                    await RunStepAsync(i, todo[i], cancellation);
                }
            }

            End(OperationState.Done, failure: null);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
        catch (OperationFailedException e)
        {
            End(OperationState.Failed, e.Message);
        }
        catch (Exception e)
        {
            // Nobody awaits this but the journal: whatever it was has to be told.
            End(OperationState.Failed, $"An unexpected error ended it: {e.GetType().Name}: {e.Message} What its finished steps did stands; 'lattice status' shows how the cluster is.");
        }

        await changed(this);
    }

    private async Task RunStepAsync(int i, OperationStep step, CancellationToken cancellation)
    {
        steps[i] = steps[i] with { State = OperationState.Running };
        var progress = new StepProgress(facts, (detail, done, total) => steps[i] = steps[i] with { Detail = detail, Done = done, Total = total });
        try
        {
            await step.RunAsync(progress, cancellation);
            steps[i] = steps[i] with { State = OperationState.Done };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            steps[i] = steps[i] with { State = OperationState.Failed };
            throw;
        }

        await changed(this);
    }

    private void End(OperationState state, string? failure) => report = report with { State = state, Failure = failure, EndedAt = time.GetUtcNow() };
}
