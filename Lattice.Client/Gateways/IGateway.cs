using Lattice.Grains;

namespace Lattice.Client.Gateways;

/// <summary>One node as this client is connected to it.</summary>
internal interface IGateway
{
    /// <summary>Its node id; 0 while unknown.</summary>
    int Node { get; }

    /// <summary>Whether calls can be tried through it.</summary>
    bool IsConnected { get; }

    Task<ShardReply> WriteAsync(uint group, ShardRequest request);

    Task<ShardReply> QueryAsync(uint group, ShardRequest request);

    Task<ClusterTopology> TopologyAsync();

    Task<ClusterStatus> StatusAsync(int timeoutMs);

    Task<TraceStory> TraceAsync(int node, uint? group, int last, int timeoutMs);

    Task<bool> StopNodeAsync(int node);

    Task<DrillReply> DrillAsync(int node, string kind, uint group, string who);

    Task<IncidentHistory> IncidentsAsync();

    Task<VerifyProgress> VerifyAsync(int node, bool begin);

    Task<T> AdminAsync<T>(Func<IAdminGrain, ValueTask<T>> ask);

    Task<BackupTicket> BackupOpenAsync(int node, Guid id, string who);

    Task<BackupPart> BackupReadAsync(int node, Guid id, long number);

    Task BackupCloseAsync(int node, Guid id, bool isWhole);

    /// <summary>Its node said that it stops.</summary>
    void Stops();

    /// <summary>A call through it failed or was not answered.</summary>
    void Failed();

    /// <summary>A call through it was answered.</summary>
    void Answered();
}
