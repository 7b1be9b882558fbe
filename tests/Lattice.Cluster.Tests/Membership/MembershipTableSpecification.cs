using System.Collections.Immutable;
using System.Data.Common;
using Lattice.Silo.Configuration;
using Lattice.Silo.Membership;
using static Lattice.Cluster.Tests.Membership.MembershipTables;

namespace Lattice.Cluster.Tests.Membership;

/// <summary>What Orleans needs of its membership table, on whatever database.</summary>
public abstract class MembershipTableSpecification
{
    protected abstract MembershipSettings NewDatabase();

    [SkippableFact]
    public async Task A_new_table_is_empty_and_has_version_0()
    {
        IMembershipTable table = await NewTableAsync();

        MembershipTableData read = await table.ReadAllAsync();

        Assert.Empty(read.Members);
        Assert.Equal(0, read.Version.Version);
    }

    [SkippableFact]
    public async Task A_silo_is_read_as_it_was_written()
    {
        IMembershipTable table = await NewTableAsync();
        MembershipEntry written = Entry(1, SiloStatus.Active);
        written.SuspectTimes = [Tuple.Create(Address(2), new DateTime(2026, 5, 6, 7, 8, 9, DateTimeKind.Utc))];
        Assert.True(await table.InsertAsync(written));
        Assert.True(await table.UpdateAsync(written));

        MembershipEntry read = Assert.Single((await table.ReadAllAsync()).Members).Item1;

        Assert.Equal(written.SiloAddress, read.SiloAddress);
        Assert.Equal((written.SiloName, written.HostName, written.Status, written.ProxyPort), (read.SiloName, read.HostName, read.Status, read.ProxyPort));
        Assert.Equal((written.StartTime, written.IAmAliveTime), (read.StartTime, read.IAmAliveTime));
        Assert.Equal(written.SuspectTimes, read.SuspectTimes);
    }

    [SkippableFact]
    public async Task Every_change_raises_the_version_by_one()
    {
        IMembershipTable table = await NewTableAsync();
        Assert.True(await table.InsertAsync(Entry(1, SiloStatus.Joining)));
        Assert.Equal(1, (await table.ReadAllAsync()).Version.Version);
        Assert.True(await table.UpdateAsync(Entry(1, SiloStatus.Active)));
        Assert.Equal(2, (await table.ReadAllAsync()).Version.Version);
    }

    [SkippableFact]
    public async Task A_change_based_on_an_old_version_is_refused_and_changes_nothing()
    {
        IMembershipTable table = await NewTableAsync();
        MembershipTableData old = await table.ReadAllAsync();
        Assert.True(await table.InsertAsync(Entry(1, SiloStatus.Active)));

        Assert.False(await table.InsertRowAsync(Entry(2, SiloStatus.Active), old.Version.Next()));
        Assert.False(await table.UpdateRowAsync(Entry(1, SiloStatus.Dead), "0", old.Version.Next()));

        MembershipTableData read = await table.ReadAllAsync();
        Assert.Equal(1, read.Version.Version);
        Assert.Equal(SiloStatus.Active, Assert.Single(read.Members).Item1.Status);
    }

    [SkippableFact]
    public async Task A_silo_is_not_inserted_twice_and_not_updated_when_it_is_not_there()
    {
        IMembershipTable table = await NewTableAsync();
        Assert.True(await table.InsertAsync(Entry(1, SiloStatus.Active)));

        Assert.False(await table.InsertAsync(Entry(1, SiloStatus.Active)));
        Assert.False(await table.UpdateRowAsync(Entry(2, SiloStatus.Active), "0", (await table.ReadAllAsync()).Version.Next()));
        Assert.Equal(1, (await table.ReadAllAsync()).Version.Version);
    }

    [SkippableFact]
    public async Task Of_many_concurrent_changes_on_one_version_exactly_one_succeeds()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        IMembershipTable[] tables = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => OpenAsync(settings)));
        TableVersion version = (await tables[0].ReadAllAsync()).Version.Next();

        bool[] done = await Task.WhenAll(tables.Select((table, i) => Task.Run(() => table.InsertRowAsync(Entry(i + 1, SiloStatus.Joining), version))));

        Assert.Single(done, true);
        MembershipTableData read = await tables[0].ReadAllAsync();
        Assert.Single(read.Members);
        Assert.Equal(1, read.Version.Version);
    }

    [SkippableFact]
    public async Task Signing_the_table_changes_the_time_and_not_the_version()
    {
        IMembershipTable table = await NewTableAsync();
        MembershipEntry entry = Entry(1, SiloStatus.Active);
        Assert.True(await table.InsertAsync(entry));
        entry.IAmAliveTime = new DateTime(2026, 7, 8, 9, 10, 11, DateTimeKind.Utc);

        await table.UpdateIAmAliveAsync(entry);

        MembershipTableData read = await table.ReadRowAsync(Address(1));
        Assert.Equal(entry.IAmAliveTime, Assert.Single(read.Members).Item1.IAmAliveTime);
        Assert.Equal(1, read.Version.Version);
        Assert.Empty((await table.ReadRowAsync(Address(2))).Members);
    }

    [SkippableFact]
    public async Task Old_entries_of_silos_that_are_not_active_are_cleaned_up()
    {
        IMembershipTable table = await NewTableAsync();
        Assert.True(await table.InsertAsync(Entry(1, SiloStatus.Active)));
        Assert.True(await table.InsertAsync(Entry(2, SiloStatus.Dead)));
        MembershipEntry young = Entry(3, SiloStatus.Dead);
        young.IAmAliveTime = young.IAmAliveTime.AddDays(1);
        Assert.True(await table.InsertAsync(young));

        await table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(Entry(1, SiloStatus.Active).IAmAliveTime.AddHours(1)));

        Assert.Equal([Address(1), Address(3)], (await table.ReadAllAsync()).Members.Select(m => m.Item1.SiloAddress).OrderBy(s => s.Endpoint.Port));
    }

    [SkippableFact]
    public async Task A_cluster_can_be_deleted()
    {
        IMembershipTable table = await NewTableAsync();
        Assert.True(await table.InsertAsync(Entry(1, SiloStatus.Active)));

        await table.DeleteMembershipTableEntriesAsync(ClusterName);
        await table.InitializeMembershipTableAsync(tryInitTableVersion: true);

        MembershipTableData read = await table.ReadAllAsync();
        Assert.Empty(read.Members);
        Assert.Equal(0, read.Version.Version);
    }

    [SkippableFact]
    public async Task Nodes_that_start_at_the_same_time_set_the_database_up_together()
    {
        MembershipSettings settings = NewDatabase();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => MembershipDatabase.SetUpAsync(settings, CancellationToken.None))));
        IMembershipTable table = await OpenAsync(settings);
        Assert.True(await table.InsertAsync(Entry(1, SiloStatus.Active)));
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);

        Assert.Single((await table.ReadAllAsync()).Members);
    }

    [SkippableFact]
    public async Task A_table_that_was_emptied_is_put_back_by_the_silos_that_run()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        IMembershipTable plain = await OpenAsync(settings);
        IMembershipTable[] silos = [await OpenLastingAsync(settings, Address(1)), await OpenLastingAsync(settings, Address(2))];
        Assert.True(await plain.InsertAsync(Entry(1, SiloStatus.Active)));
        Assert.True(await plain.InsertAsync(Entry(2, SiloStatus.Active)));
        Assert.True(await plain.InsertAsync(Entry(3, SiloStatus.Dead)));
        await Task.WhenAll(silos.Select(silo => silo.ReadAllAsync()));

        await EmptyAsync(settings);
        await plain.InitializeMembershipTableAsync(tryInitTableVersion: true);
        Assert.True(await plain.InsertAsync(Entry(4, SiloStatus.Joining)));
        MembershipTableData[] read = await Task.WhenAll(silos.Select(silo => Task.Run(() => silo.ReadAllAsync())));

        Assert.All(read, table =>
        {
            Assert.Equal(
                [(5001, SiloStatus.Active), (5002, SiloStatus.Active), (5003, SiloStatus.Dead), (5004, SiloStatus.Joining)],
                table.Members.Select(m => (m.Item1.SiloAddress.Endpoint.Port, m.Item1.Status)).Order());
            Assert.Equal(Entry(1, SiloStatus.Active).StartTime, table.TryGet(Address(1))!.Item1.StartTime);
            Assert.True(table.Version.Version > 3, "The version has to be news to every silo.");
        });
        Assert.Equal(read[0].Version.Version, read[1].Version.Version);
        Assert.True(await silos[0].UpdateAsync(Entry(1, SiloStatus.ShuttingDown)));
    }

    [SkippableFact]
    public async Task A_table_that_was_set_back_never_brings_a_dead_silo_to_life()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        IMembershipTable plain = await OpenAsync(settings);
        IMembershipTable silo = await OpenLastingAsync(settings, Address(1));
        Assert.True(await plain.InsertAsync(Entry(1, SiloStatus.Active)));
        Assert.True(await plain.InsertAsync(Entry(2, SiloStatus.Active)));
        Assert.True(await plain.UpdateAsync(Entry(2, SiloStatus.Dead)));
        await silo.ReadAllAsync();

        await EmptyAsync(settings);
        await plain.InitializeMembershipTableAsync(tryInitTableVersion: true);
        Assert.True(await plain.InsertAsync(Entry(1, SiloStatus.Active)));
        Assert.True(await plain.InsertAsync(Entry(2, SiloStatus.Active)));

        MembershipTableData read = await silo.ReadAllAsync();
        Assert.Equal(SiloStatus.Dead, read.TryGet(Address(2))!.Item1.Status);
        Assert.True(read.Version.Version > 3);
    }

    [SkippableFact]
    public async Task What_silos_told_each_other_since_the_last_read_counts()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        IMembershipTable plain = await OpenAsync(settings);
        var told = new ClusterMembershipSnapshot(
            ImmutableDictionary<SiloAddress, ClusterMember>.Empty
                .Add(Address(1), new ClusterMember(Address(1), SiloStatus.Active, "node-1"))
                .Add(Address(2), new ClusterMember(Address(2), SiloStatus.Dead, "node-2")),
            new MembershipVersion(20));
        IMembershipTable silo = await OpenLastingAsync(settings, Address(1), told: told);
        Assert.True(await plain.InsertAsync(Entry(1, SiloStatus.Active)));
        Assert.True(await plain.InsertAsync(Entry(2, SiloStatus.Active)));
        await silo.ReadAllAsync();

        MembershipTableData read = await silo.ReadAllAsync();

        Assert.Equal(SiloStatus.Dead, read.TryGet(Address(2))!.Item1.Status);
        Assert.True(read.Version.Version > 20);
    }

    [SkippableFact]
    public async Task A_silo_that_the_table_says_is_dead_is_not_put_back()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        IMembershipTable plain = await OpenAsync(settings);
        IMembershipTable silo = await OpenLastingAsync(settings, Address(1));
        Assert.True(await plain.InsertAsync(Entry(1, SiloStatus.Active)));
        await silo.ReadAllAsync();
        Assert.True(await plain.UpdateAsync(Entry(1, SiloStatus.Dead)));
        await silo.ReadAllAsync();

        await EmptyAsync(settings);
        await plain.InitializeMembershipTableAsync(tryInitTableVersion: true);

        Assert.Empty((await silo.ReadAllAsync()).Members);
    }

    protected async Task<IMembershipTable> NewTableAsync()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        return await OpenAsync(settings);
    }

    private static async Task EmptyAsync(MembershipSettings settings)
    {
        await using DbConnection connection = await MembershipDatabase.OpenAsync(settings, CancellationToken.None);
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = "DELETE FROM OrleansMembershipTable; DELETE FROM OrleansMembershipVersionTable;";
        await command.ExecuteNonQueryAsync();
    }
}
