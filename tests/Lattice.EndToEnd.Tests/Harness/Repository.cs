namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>Where the sources are.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Lattice.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"No Lattice.sln above {AppContext.BaseDirectory}: run the tests from within a checkout.");
    }
}
