using System.Collections.Immutable;
using System.Net;
using Lattice.Silo.Configuration;
using Lattice.Silo.Membership;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService;

namespace Lattice.Cluster.Tests.Membership;

/// <summary>Orleans' view of a membership database, as silos have it.</summary>
internal static class MembershipTables
{
    public const string ClusterName = "test";

    public static async Task<IMembershipTable> OpenAsync(MembershipSettings settings)
    {
        var options = new AdoNetClusteringSiloOptions
        {
            Invariant = MembershipDatabase.Invariant(settings.Provider),
            ConnectionString = MembershipDatabase.RunningConnection(settings),
        };
        IMembershipTable table = new AdoNetClusteringTable(
            new ServiceCollection().BuildServiceProvider(),
            Options.Create(new ClusterOptions { ClusterId = ClusterName, ServiceId = ClusterName }),
            Options.Create(options),
            NullLogger<AdoNetClusteringTable>.Instance);
        await table.InitializeMembershipTableAsync(tryInitTableVersion: true);
        return table;
    }

    /// <summary>The same as a silo uses it.</summary>
    public static async Task<IMembershipTable> OpenLastingAsync(MembershipSettings settings, SiloAddress self, IHostApplicationLifetime? lifetime = null, ClusterMembershipSnapshot? told = null) => new LastingMembershipTable(
        await OpenAsync(settings),
        new MembershipRestorer(settings, ClusterName),
        new Self(self),
        () => told ?? new ClusterMembershipSnapshot(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, MembershipVersion.MinValue),
        lifetime ?? new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance),
        NullLogger<LastingMembershipTable>.Instance);

    public static SiloAddress Address(int number) => SiloAddress.New(IPAddress.Loopback, 5000 + number, 1000 + number);

    public static MembershipEntry Entry(int number, SiloStatus status) => new()
    {
        SiloAddress = Address(number),
        SiloName = $"node-{number}",
        HostName = "host",
        Status = status,
        ProxyPort = 30000 + number,
        StartTime = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
        IAmAliveTime = new DateTime(2026, 1, 2, 3, 4, 6, DateTimeKind.Utc),
        SuspectTimes = [],
    };

    /// <summary>Inserts a silo as Orleans does: on the version that was read.</summary>
    public static async Task<bool> InsertAsync(this IMembershipTable table, MembershipEntry entry) =>
        await table.InsertRowAsync(entry, (await table.ReadAllAsync()).Version.Next());

    public static async Task<bool> UpdateAsync(this IMembershipTable table, MembershipEntry entry)
    {
        MembershipTableData read = await table.ReadAllAsync();
        return await table.UpdateRowAsync(entry, read.TryGet(entry.SiloAddress)!.Item2, read.Version.Next());
    }

    private sealed class Self(SiloAddress address) : ILocalSiloDetails
    {
        public string Name => "self";

        public string ClusterId => ClusterName;

        public string DnsHostName => "host";

        public SiloAddress SiloAddress => address;

        public SiloAddress GatewayAddress => address;
    }
}
