using Lattice.Grains.Access;
using Lattice.Grains.Operations;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Lattice.Grains;

/// <summary>The door to operations: one for the whole cluster, where it was first asked for; the next one takes up what it leaves.</summary>
[Reentrant]
[PreferLocalPlacement]
public sealed class AdminGrain(IServiceProvider services, OperationCatalog catalog, OperationsUnderWay underWay, TimeProvider time, ILogger<AdminGrain> logger) : Grain, IAdminGrain, IAuditGrain, IDisposable
{
    private OperationBook? book;

    private OperationBook Book => book ?? throw new InvalidOperationException("The grain is used before it is activated.");

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        book = new OperationBook(catalog.Find, new GrainJournal<JournalContent>(services, this.GetGrainId(), "operations", "The journal of operations cannot be reached: operations go on and are not journaled.", time, logger), underWay, time, logger);
        return base.OnActivateAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Book.CloseAsync();
        await base.OnDeactivateAsync(reason, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => book?.Dispose();

    /// <inheritdoc/>
    public async ValueTask<OperationPlan> Plan(OperationRequest request) => await Book.PlanAsync(Named(request));

    /// <inheritdoc/>
    public async ValueTask<OperationReport> Start(OperationRequest request) => await Book.StartAsync(Named(request));

    /// <inheritdoc/>
    public async ValueTask<OperationReport?> Find(Guid id) => await Book.FindAsync(id);

    /// <inheritdoc/>
    public async ValueTask<OperationHistory> List() => await Book.ListAsync();

    /// <inheritdoc/>
    public async ValueTask Note(AuditEvent told) => await Book.NoteAsync(told);

    /// <inheritdoc/>
    public async ValueTask NoteDenied(string who, string what, string why) => await Book.NoteDeniedAsync(who, what, why);

    /// <inheritdoc/>
    public async ValueTask Resume() => await Book.ResumeAsync();

    /// <summary>Who asks says who he is; with tokens it is known, too, whose token it was.</summary>
    private static OperationRequest Named(OperationRequest request) => request with { Who = CallerContext.Describe(request.Who) };
}
