using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains.Operations;

/// <summary>
/// The operations of a cluster: which run, which ended, what happened to them. Lets each take what it needs from the others, and takes up what a lost node
/// left. Used in one activation's turns only.
/// </summary>
internal sealed partial class OperationBook(Func<OperationRequest, IOperation?> find, GrainJournal<JournalContent> journal, OperationsUnderWay underWay, TimeProvider time, ILogger logger) : IDisposable
{
    private const int RememberedOperations = 100;
    private const int RememberedEvents = 500;

    private readonly Dictionary<Guid, OperationRun> running = [];
    private readonly List<OperationReport> ended = [];
    private readonly List<AuditEvent> events = [];
    private readonly CancellationTokenSource closed = new();
    private Task starting = Task.CompletedTask;

    /// <summary>What an operation would do.</summary>
    public async Task<OperationPlan> PlanAsync(OperationRequest request)
    {
        await ResumeAsync();
        OperationPlan plan = await LookAsync(request, find(request));
        if (plan.Refusal is { } refusal)
        {
            await RefuseAsync(request, refusal);
        }

        return plan;
    }

    /// <summary>Begins an operation, if it may be.</summary>
    public async Task<OperationReport> StartAsync(OperationRequest request)
    {
        // One at a time, or two that exclude each other could both find the other not begun.
        Task before = starting;
        var done = new TaskCompletionSource();
        starting = done.Task;
        try
        {
            await before;
            return await FindAsync(request.Id) ?? await BeginAsync(request);
        }
        finally
        {
            done.SetResult();
        }
    }

    /// <summary>How an operation stands.</summary>
    public async Task<OperationReport?> FindAsync(Guid id)
    {
        await ResumeAsync();
        return running.TryGetValue(id, out OperationRun? run) ? run.Report : ended.Find(o => o.Request.Id == id);
    }

    /// <summary>What was done lately.</summary>
    public async Task<OperationHistory> ListAsync()
    {
        await ResumeAsync();
        return new OperationHistory
        {
            Operations = [.. running.Values.Select(r => r.Report).Concat(ended).OrderByDescending(o => o.BeganAt)],
            Events = [.. events.OrderByDescending(e => e.At)],
            JournalFailure = journal.Failure,
        };
    }

    /// <summary>Writes down what an operator did that is no operation; the same event once.</summary>
    public async Task NoteAsync(AuditEvent told)
    {
        await ResumeAsync();
        if (!events.Contains(told))
        {
            events.Add(told);
            await WriteAsync();
        }
    }

    /// <summary>Remembers who was not let in.</summary>
    public async Task NoteDeniedAsync(string who, string what, string why)
    {
        await ResumeAsync();
        events.Add(new AuditEvent(time.GetUtcNow(), who, what, "denied", why, Guid.Empty));
        await WriteAsync();
    }

    /// <summary>Reads what other nodes left, if that was not possible before, and goes on with what they did not end.</summary>
    public async Task ResumeAsync()
    {
        if (await journal.ReadAsync() is not { } content)
        {
            return;
        }

        events.InsertRange(0, content.Events.Except(events).ToList());
        foreach (OperationReport known in content.Operations.Where(o => !running.ContainsKey(o.Request.Id) && !ended.Exists(e => e.Request.Id == o.Request.Id)))
        {
            if (known.HasEnded || find(known.Request) is not { } operation)
            {
                ended.Add(known);
                continue;
            }

            Note(known.Request, "resumed", "the node that ran it was lost");
            LogResumed(known.Request.Title, known.Request.Who);
            Run(operation, known with { Resumptions = known.Resumptions + 1 });
        }
    }

    /// <summary>Leaves what runs to another node.</summary>
    public Task CloseAsync()
    {
        underWay.Are(0);
        return closed.CancelAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        closed.Dispose();
        journal.Dispose();
    }

    private static OperationPlan Unknown(OperationRequest request) => new()
    {
        Refusal = $"The node that answered does not know the operation '{request.Title}': it runs an older version of Lattice. Upgrade all nodes first. Nothing was done.",
    };

    private async Task<OperationReport> BeginAsync(OperationRequest request)
    {
        IOperation? operation = find(request);
        OperationPlan plan = await LookAsync(request, operation);
        string? refusal = plan.Refusal ?? (plan.Confirmation.Length > 0 && !request.IsConfirmed ? $"It was not confirmed. {plan.Warning}" : null);
        var report = new OperationReport { Request = request, Refusal = refusal, State = refusal is null ? OperationState.Running : OperationState.Failed, BeganAt = time.GetUtcNow() };
        if (refusal is not null)
        {
            await RefuseAsync(request, refusal);
            return report;
        }

        Note(request, "began", "");
        LogBegun(request.Title, request.Who);
        return Run(operation!, report).Report;
    }

    private async Task<OperationPlan> LookAsync(OperationRequest request, IOperation? operation) => operation is null
        ? Unknown(request)
        : Conflict(request, operation) is { } conflict ? new OperationPlan { Refusal = conflict } : await operation.PlanAsync(closed.Token);

    private async Task RefuseAsync(OperationRequest request, string why)
    {
        Note(request, "refused", why);
        LogRefused(request.Title, request.Who, why);
        await WriteAsync();
    }

    private OperationRun Run(IOperation operation, OperationReport report)
    {
        var run = new OperationRun(operation, report, time, OnChangedAsync);
        running.Add(report.Request.Id, run);
        underWay.Are(running.Count);
        _ = run.RunAsync(closed.Token);
        return run;
    }

    private async Task OnChangedAsync(OperationRun run)
    {
        OperationReport report = run.Report;
        if (report.HasEnded && running.Remove(report.Request.Id))
        {
            underWay.Are(running.Count);
            ended.Add(report);
            Note(report.Request, report.State == OperationState.Done ? "done" : "failed", report.Failure ?? "");
            LogEnded(report.Request.Title, report.State, report.Failure ?? "");
        }

        run.IsJournaled = await WriteAsync();
        int place = ended.FindIndex(o => o.Request.Id == report.Request.Id);
        if (place >= 0)
        {
            ended[place] = run.Report;
        }
    }

    private async Task<bool> WriteAsync()
    {
        await ResumeAsync();
        return await journal.WriteAsync(() =>
        {
            ended.RemoveRange(0, Math.Max(0, ended.Count - RememberedOperations));
            events.RemoveRange(0, Math.Max(0, events.Count - RememberedEvents));

            // What is written stands in the journal once it can be read there.
            return new JournalContent { Operations = [.. ended.Concat(running.Values.Select(r => r.Report)).Select(o => o with { IsJournaled = true })], Events = [.. events] };
        });
    }

    private string? Conflict(OperationRequest request, IOperation operation)
    {
        foreach (OperationRun run in running.Values)
        {
            if (run.Report.Request.Id != request.Id && run.Takes.Intersect(operation.Takes, StringComparer.Ordinal).Any())
            {
                OperationReport other = run.Report;
                return string.Create(CultureInfo.InvariantCulture, $"'{other.Request.Title}' is under way since {other.BeganAt:HH:mm:ss} UTC, for {other.Request.Who}. 'lattice admin operations' shows how far it is; repeat the command when it has ended. Nothing was done.");
            }
        }

        return null;
    }

    private void Note(OperationRequest request, string what, string detail) =>
        events.Add(new AuditEvent(time.GetUtcNow(), request.Who, request.Title, what, detail, request.Id));

    [LoggerMessage(Level = LogLevel.Information, Message = "Operation '{Title}' begun for {Who}")]
    private partial void LogBegun(string title, string who);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Operation '{Title}', begun for {Who} on a node that was lost, goes on here")]
    private partial void LogResumed(string title, string who);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Operation '{Title}' of {Who} was not begun: {Reason}")]
    private partial void LogRefused(string title, string who, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Operation '{Title}' ended: {State}. {Reason}")]
    private partial void LogEnded(string title, OperationState state, string reason);
}
