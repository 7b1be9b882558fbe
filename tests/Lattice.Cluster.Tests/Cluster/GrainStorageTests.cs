using Lattice.Client;
using Lattice.Cluster.Tests.Harness;
using Lattice.Cluster.Tests.Membership;
using Lattice.Grains;
using Lattice.Silo.Configuration;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Lattice.Cluster.Tests.Cluster;

/// <summary>What grains of a node store, on the database of the membership.</summary>
public sealed class GrainStorageTests
{
    private static readonly GrainId Id = GrainId.Create("kind", "key");

    [Fact]
    public async Task State_that_one_node_stored_is_read_on_another_and_stands_in_the_database_as_JSON()
    {
        await using var cluster = new TestCluster(nodes: 2);
        await cluster.StartAsync();

        await StorageOf(cluster[1]).WriteStateAsync("note", Id, new GrainState<Note>(new Note { Text = "kept" }));
        var read = new GrainState<Note>();
        await StorageOf(cluster[2]).ReadStateAsync("note", Id, read);

        Assert.Equal("kept", read.State!.Text);
        await using var connection = new SqliteConnection($"Data Source={cluster.MembershipFile};Pooling=false");
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT CAST(PayloadBinary AS TEXT) FROM OrleansStorage WHERE GrainIdExtensionString = 'key';";
        Assert.Equal("{\"text\":\"kept\"}", await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Reads_and_writes_go_on_while_nothing_can_be_stored()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync();
        await cluster.WaitUntilLedAsync();
        await using LatticeClient client = await cluster.ConnectAsync();
        await using var load = new Writers(client, 4);
        await load.UntilMoreAsync(50);

        // A folder in its place: neither to be opened nor to be made anew.
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(cluster.MembershipFile)!))
        {
            File.Delete(file);
        }

        Directory.CreateDirectory(cluster.MembershipFile);

        await Assert.ThrowsAnyAsync<Exception>(() => StorageOf(cluster[1]).WriteStateAsync("note", Id, new GrainState<Note>(new Note { Text = "lost" })));
        await load.UntilMoreAsync(200);
        await load.VerifyAsync();
    }

    [SkippableFact]
    public async Task State_is_kept_in_PostgreSQL()
    {
        using var server = new PrivatePostgreSql();
        await using var cluster = new TestCluster(nodes: 1, database: new MembershipSettings(MembershipProvider.PostgreSql, server.NewDatabase()));
        await cluster.StartAsync();

        await StorageOf(cluster[1]).WriteStateAsync("note", Id, new GrainState<Note>(new Note { Text = "kept" }));
        var read = new GrainState<Note>();
        await StorageOf(cluster[1]).ReadStateAsync("note", Id, read);

        Assert.Equal("kept", read.State!.Text);
    }

    private static IGrainStorage StorageOf(TestNode node) => node.Services.GetRequiredKeyedService<IGrainStorage>(LatticeStorage.Name);
}
