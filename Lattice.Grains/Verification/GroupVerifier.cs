using Lattice.Core.Verification;
using Microsoft.Extensions.Logging;

namespace Lattice.Grains.Verification;

/// <summary>The verifier of a group: compares when it is asked to, though not too often, and stores incidents when it can. Used in one activation's turns only.</summary>
internal sealed partial class GroupVerifier(uint group, Func<ulong, Task<IReadOnlyList<ReplicaSample>>> ask, GrainJournal<IncidentContent> journal, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Shortest time between two comparisons, however many ask for one.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1.5);

    private readonly IncidentBook book = new(group);
    private VerifierRound? latest;
    private bool isComparing;
    private bool hasUnwritten;
    private long comparedAt;
    private long agreedAt;
    private ulong agreedIndex;

    /// <summary>Compares the replicas, unless that was done a moment ago or is being done.</summary>
    public async Task<VerifierReport> LookAsync()
    {
        if (!isComparing && (latest is null || time.GetElapsedTime(comparedAt) >= Interval))
        {
            isComparing = true;
            try
            {
                await CompareAsync();
            }
            finally
            {
                isComparing = false;
            }
        }

        return Report();
    }

    /// <summary>The incidents.</summary>
    public async Task<IncidentHistory> IncidentsAsync()
    {
        await RestoreAsync();
        return new IncidentHistory { Incidents = [.. book.Incidents.OrderByDescending(i => i.At)], StorageFailure = journal.Failure };
    }

    /// <inheritdoc/>
    public void Dispose() => journal.Dispose();

    private async Task CompareAsync()
    {
        await RestoreAsync();
        VerifierRound round = await VerifierRound.RunAsync(ask);
        (latest, comparedAt) = (round, time.GetTimestamp());
        if (round.Verdict.Agreement == DigestAgreement.Agree)
        {
            (agreedAt, agreedIndex) = (comparedAt, round.Verdict.Index);
        }

        IReadOnlyList<Incident> changed = book.Take(round, time.GetUtcNow());
        foreach (Incident incident in changed)
        {
            Tell(incident);
        }

        if (changed.Count > 0 || hasUnwritten)
        {
            await RestoreAsync();
            hasUnwritten = !await journal.WriteAsync(() => new IncidentContent { Incidents = [.. book.Incidents] });
        }
    }

    private async Task RestoreAsync()
    {
        if (await journal.ReadAsync() is { } stored)
        {
            book.Restore(stored.Incidents);
        }
    }

    private VerifierReport Report() => new()
    {
        Group = group,
        Verdict = latest?.Verdict.Agreement.ToString() ?? "",
        AgeSeconds = latest is null ? 0 : time.GetElapsedTime(comparedAt).TotalSeconds,
        Index = latest?.Verdict.Index ?? 0,
        AgreedIndex = agreedIndex,
        AgreedAgeSeconds = agreedAt == 0 ? null : time.GetElapsedTime(agreedAt).TotalSeconds,
        Compared = latest is null ? [] : [.. latest.Verdict.Right.Concat(latest.Verdict.Wrong).Order()],
        NotCompared = latest?.Verdict.NotCompared ?? [],
        OpenIncidents = [.. book.Incidents.Where(i => i.IsOpen).OrderByDescending(i => i.At)],
    };

    private void Tell(Incident incident)
    {
        if (incident.IsOpen)
        {
            LogOpened(group, incident.Message, incident.Id);
        }
        else
        {
            LogResolved(group, incident.Outcome, incident.Id);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Incident in group {Group}: {What} 'lattice admin incidents' shows it as {Id}")]
    private partial void LogOpened(uint group, string what, string id);

    [LoggerMessage(Level = LogLevel.Information, Message = "Incident in group {Group} is over: {Outcome} It is {Id}")]
    private partial void LogResolved(uint group, string outcome, string id);
}
