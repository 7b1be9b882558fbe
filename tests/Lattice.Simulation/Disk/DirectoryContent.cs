using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Disk;

/// <summary>The files of one directory: as programs see it, and as it stands after a crash.</summary>
internal sealed class DirectoryContent
{
    private readonly List<Change> _changes = [];
    private SortedDictionary<string, FileContent> _visible = new(StringComparer.Ordinal);
    private SortedDictionary<string, FileContent> _durable = new(StringComparer.Ordinal);

    /// <summary>Files as programs see them, by name.</summary>
    public IReadOnlyDictionary<string, FileContent> Files => _visible;

    public void Add(string name, FileContent file) => Do(new Change(ChangeKind.Add, name, null, file));

    public void Remove(string name) => Do(new Change(ChangeKind.Remove, name, null, null));

    public void Rename(string from, string to) => Do(new Change(ChangeKind.Rename, from, to, null));

    public void Sync()
    {
        _changes.Clear();
        _durable = new SortedDictionary<string, FileContent>(_visible, StringComparer.Ordinal);
    }

    /// <summary>Loses what was not synced: of the changes to the directory any may be lost (renames stay atomic), then of the files' contents.</summary>
    public void Crash(SeededRandom random, Coverage coverage)
    {
        // Most file systems keep the order of changes to a directory; some do not promise it.
        bool ordered = random.Chance(0.7);
        double keep = random.Pick([0.0, 0.5, 0.9, 1.0]);
        foreach (Change change in _changes)
        {
            if (random.Chance(keep))
            {
                Apply(change, _durable);
            }
            else if (ordered)
            {
                break;
            }
        }

        _changes.Clear();
        _visible = new SortedDictionary<string, FileContent>(_durable, StringComparer.Ordinal);
        foreach (FileContent file in _durable.Values)
        {
            (int kept, int lost) = file.Crash(random, random.Pick([0.0, 0.3, 0.7, 0.95, 1.0]));
            if (lost > 0)
            {
                coverage.Count(kept > 0 ? "disk: files torn by a crash" : "disk: files that lost all that was not synced");
            }
        }
    }

    public DirectoryContent CloneDurable()
    {
        DirectoryContent copy = new();
        foreach ((string name, FileContent file) in _durable)
        {
            copy.Add(name, file.CloneDurable());
        }

        copy.Sync();
        return copy;
    }

    private void Do(Change change)
    {
        Apply(change, _visible);
        _changes.Add(change);
    }

    private static void Apply(Change change, SortedDictionary<string, FileContent> files)
    {
        switch (change.Kind)
        {
            case ChangeKind.Add:
                files[change.Name] = change.File!;
                break;
            case ChangeKind.Remove:
                files.Remove(change.Name);
                break;
            default:
                // When the creation of the source was lost, its rename cannot have survived.
                if (files.Remove(change.Name, out FileContent? file))
                {
                    files[change.NewName!] = file;
                }

                break;
        }
    }

    private enum ChangeKind
    {
        Add,
        Remove,
        Rename,
    }

    private sealed record Change(ChangeKind Kind, string Name, string? NewName, FileContent? File);
}
