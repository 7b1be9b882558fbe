using Lattice.Core.Replication;

namespace Lattice.Grains.Verification;

/// <summary>Asks the verifiers of all groups for their incidents.</summary>
public sealed class IncidentCollector(IGrainFactory grains, ReplicaHost host)
{
    /// <summary>Asks in parallel; one that does not answer is named.</summary>
    public async Task<IncidentHistory> AskAsync()
    {
        uint[] groups = [.. host.Status().Replicas.Select(r => r.Group)];
        IncidentHistory?[] answers = await Task.WhenAll(groups.Select(OfAsync));
        return new IncidentHistory
        {
            Incidents = [.. answers.OfType<IncidentHistory>().SelectMany(a => a.Incidents).OrderByDescending(i => i.At)],
            SilentGroups = [.. groups.Where((_, place) => answers[place] is null)],
            StorageFailure = answers.OfType<IncidentHistory>().Select(a => a.StorageFailure).FirstOrDefault(failure => failure is not null),
        };
    }

    private async Task<IncidentHistory?> OfAsync(uint group)
    {
        try
        {
            return await grains.GetGrain<IVerifierGrain>(group).Incidents();
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // Whoever asked learns that this group's are missing.
            return null;
        }
    }
}
