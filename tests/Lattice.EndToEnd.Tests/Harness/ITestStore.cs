namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>What the load needs of a store.</summary>
internal interface ITestStore
{
    Task PutAsync(string key, string value);

    Task<string?> GetAsync(string key);

    /// <summary>Sets the value if the present one is as expected (null: absent); fails the test if it is not.</summary>
    Task SetIfUnchangedAsync(string key, string? expected, string value);

    /// <summary>Adds one to a counter that others increment too, exactly once.</summary>
    Task IncrementAsync(string key);
}
