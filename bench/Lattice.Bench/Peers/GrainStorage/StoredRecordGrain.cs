namespace Lattice.Bench.Peers.GrainStorage;

/// <summary>What most people would write: a grain for each key, its state in a database.</summary>
[Alias("lattice.bench.stored-record")]
internal interface IStoredRecordGrain : IGrainWithStringKey
{
    /// <summary>Sets the value; answered when the database has it.</summary>
    [Alias("write")]
    Task Write(byte[] value);

    /// <summary>The value as the grain has it.</summary>
    [Alias("read")]
    Task<byte[]?> Read();
}

/// <summary>The state of the grain.</summary>
[GenerateSerializer]
[Alias("lattice.bench.stored-value")]
internal sealed class StoredValue
{
    /// <summary>The value.</summary>
    [Id(0)]
    public byte[]? Value { get; set; }
}

/// <summary>The grain.</summary>
internal sealed class StoredRecordGrain([PersistentState("record", GrainStorageSilo.Provider)] IPersistentState<StoredValue> state) : Grain, IStoredRecordGrain
{
    /// <inheritdoc/>
    public Task Write(byte[] value)
    {
        state.State.Value = value;
        return state.WriteStateAsync();
    }

    /// <inheritdoc/>
    public Task<byte[]?> Read() => Task.FromResult(state.State.Value);
}
