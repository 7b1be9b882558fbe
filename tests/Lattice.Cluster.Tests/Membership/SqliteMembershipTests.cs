using Lattice.Cluster.Tests.Harness;
using Lattice.Silo.Configuration;
using Lattice.Silo.Membership;
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

    private void DeleteFiles()
    {
        foreach (string file in Directory.GetFiles(folder.File("not", "there", "yet")))
        {
            File.Delete(file);
        }
    }
}
