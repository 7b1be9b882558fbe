using Lattice.Silo.Configuration;
using Lattice.Silo.Membership;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Storage;

namespace Lattice.Cluster.Tests.Membership;

/// <summary>What Orleans needs of its grain storage, on whatever database.</summary>
public abstract class GrainStorageSpecification
{
    private const string Name = "test";

    protected abstract MembershipSettings NewDatabase();

    [SkippableFact]
    public async Task State_is_written_read_changed_and_cleared()
    {
        await using Storage storage = await OpenAsync();
        var id = GrainId.Create("kind", "it's a key");
        var state = new GrainState<Note>(new Note { Text = "one" });

        await storage.Grains.WriteStateAsync("note", id, state);
        state.State = new Note { Text = "two" };
        await storage.Grains.WriteStateAsync("note", id, state);
        var read = new GrainState<Note>();
        await storage.Grains.ReadStateAsync("note", id, read);

        Assert.Equal(("two", "2", true), (read.State!.Text, read.ETag, read.RecordExists));
        await storage.Grains.ClearStateAsync("note", id, read);
        var cleared = new GrainState<Note>();
        await storage.Grains.ReadStateAsync("note", id, cleared);
        Assert.False(cleared.RecordExists);
        cleared.State = new Note { Text = "three" };
        await storage.Grains.WriteStateAsync("note", id, cleared);
    }

    [SkippableFact]
    public async Task Grains_do_not_share_state()
    {
        await using Storage storage = await OpenAsync();
        GrainId[] ids = [GrainId.Create("kind", "a"), GrainId.Create("kind", "b"), Numbered(extension: null), Numbered("a")];
        foreach (GrainId id in ids)
        {
            await storage.Grains.WriteStateAsync("note", id, new GrainState<Note>(new Note { Text = id.ToString() }));
        }

        foreach (GrainId id in ids)
        {
            var read = new GrainState<Note>();
            await storage.Grains.ReadStateAsync("note", id, read);
            Assert.Equal(id.ToString(), read.State!.Text);
        }
    }

    [SkippableFact]
    public async Task A_write_based_on_an_old_version_is_refused()
    {
        await using Storage storage = await OpenAsync();
        var id = GrainId.Create("kind", "key");
        await storage.Grains.WriteStateAsync("note", id, new GrainState<Note>(new Note { Text = "first" }));

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.Grains.WriteStateAsync("note", id, new GrainState<Note>(new Note { Text = "unread" })));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.Grains.WriteStateAsync("note", id, new GrainState<Note>(new Note { Text = "old" }, "7")));

        var read = new GrainState<Note>();
        await storage.Grains.ReadStateAsync("note", id, read);
        Assert.Equal("first", read.State!.Text);
    }

    private static GrainId Numbered(string? extension) =>
        GrainId.Create(GrainType.Create("kind"), extension is null ? GrainIdKeyExtensions.CreateIntegerKey(1) : GrainIdKeyExtensions.CreateIntegerKey(1, extension));

    private async Task<Storage> OpenAsync()
    {
        MembershipSettings settings = NewDatabase();
        await MembershipDatabase.SetUpAsync(settings, CancellationToken.None);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(Harness.Ports.Free(), Harness.Ports.Free());
            silo.AddAdoNetGrainStorage(Name, o =>
            {
                o.Invariant = MembershipDatabase.Invariant(settings.Provider);
                o.ConnectionString = MembershipDatabase.RunningConnection(settings);
            });
        });
        IHost host = builder.Build();
        await host.StartAsync();
        return new Storage(host, host.Services.GetRequiredKeyedService<IGrainStorage>(Name));
    }

    private sealed record Storage(IHost Host, IGrainStorage Grains) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            using var atOnce = new CancellationTokenSource();
            await atOnce.CancelAsync();
            await Host.StopAsync(atOnce.Token);
            Host.Dispose();
        }
    }
}

/// <summary>A state.</summary>
[GenerateSerializer]
public sealed class Note
{
    [Id(0)]
    public string Text { get; set; } = "";
}

/// <summary>Grain storage in an SQLite file.</summary>
public sealed class SqliteGrainStorageTests : GrainStorageSpecification, IDisposable
{
    private readonly Harness.TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    protected override MembershipSettings NewDatabase() => new(MembershipProvider.Sqlite, $"Data Source={folder.File("grains.db")}");
}

/// <summary>Grain storage in PostgreSQL.</summary>
[Collection(PostgreSqlTests.Name)]
public sealed class PostgreSqlGrainStorageTests(PrivatePostgreSql server) : GrainStorageSpecification
{
    protected override MembershipSettings NewDatabase() => new(MembershipProvider.PostgreSql, server.NewDatabase());
}
