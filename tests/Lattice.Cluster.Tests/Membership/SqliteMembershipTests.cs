using Lattice.Cluster.Tests.Harness;
using Lattice.Silo.Configuration;
using Lattice.Silo.Membership;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using static Lattice.Cluster.Tests.Membership.MembershipTables;

namespace Lattice.Cluster.Tests.Membership;

/// <summary>Membership on an SQLite file.</summary>
public sealed class SqliteMembershipTests : MembershipTableSpecification, IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    protected override MembershipSettings NewDatabase() =>
        new(MembershipProvider.Sqlite, $"Data Source={folder.File("not", "there", "yet", "membership.db")}");

    [Fact]
    public async Task A_deleted_file_is_made_anew_with_all_silos_in_it()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        IMembershipTable silo = await OpenLastingAsync(settings, Address(1));
        Assert.True(await silo.InsertAsync(Entry(1, SiloStatus.Active)));
        Assert.True(await silo.InsertAsync(Entry(2, SiloStatus.Active)));
        await silo.ReadAllAsync();

        DeleteFiles();
        MembershipTableData read = await silo.ReadAllAsync();

        Assert.Equal(2, read.Members.Count);
        Assert.True(File.Exists(folder.File("not", "there", "yet", "membership.db")));
    }

    [Fact]
    public async Task A_silo_that_is_in_no_table_yet_does_not_make_the_file()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        IMembershipTable silo = await OpenLastingAsync(settings, Address(1));

        DeleteFiles();

        await Assert.ThrowsAnyAsync<Exception>(() => silo.ReadAllAsync());
        Assert.False(File.Exists(folder.File("not", "there", "yet", "membership.db")));
    }

    [Fact]
    public async Task A_silo_that_stops_does_not_wait_for_a_database_that_is_gone()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        IMembershipTable silo = await OpenLastingAsync(settings, Address(1), lifetime);
        Assert.True(await silo.InsertAsync(Entry(1, SiloStatus.Active)));
        await silo.ReadAllAsync();

        // A folder in its place: neither to be opened nor to be made anew.
        DeleteFiles();
        Directory.CreateDirectory(folder.File("not", "there", "yet", "membership.db"));
        await Assert.ThrowsAnyAsync<Exception>(() => silo.ReadAllAsync());
        lifetime.StopApplication();

        Assert.Single((await silo.ReadAllAsync()).Members);
        Assert.True(await silo.UpdateAsync(Entry(1, SiloStatus.ShuttingDown)));
        await Assert.ThrowsAnyAsync<Exception>(() => silo.UpdateRowAsync(Entry(2, SiloStatus.Dead), "1", new TableVersion(2, "1")));
    }

    private void DeleteFiles()
    {
        foreach (string file in Directory.GetFiles(folder.File("not", "there", "yet")))
        {
            File.Delete(file);
        }
    }
}
