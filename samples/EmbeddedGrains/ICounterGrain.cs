namespace EmbeddedGrains;

/// <summary>A counter whose value is never wrong, whatever happens to the silo that the grain lives on.</summary>
internal interface ICounterGrain : IGrainWithStringKey
{
    /// <summary>Adds one; returns the new value.</summary>
    Task<long> Increment();
}
