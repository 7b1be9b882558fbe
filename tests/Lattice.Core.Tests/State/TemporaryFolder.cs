namespace Lattice.Core.Tests.State;

/// <summary>A folder of its own below the system's temporary one, removed in the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("lattice-state-").FullName;

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
