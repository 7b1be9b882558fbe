namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>A folder as it was, to be put back.</summary>
internal sealed class DirectoryCopy : IDisposable
{
    private readonly string original;
    private readonly string copy;

    public DirectoryCopy(string folder)
    {
        original = folder;
        copy = folder + ".copy";
        Copy(original, copy);
    }

    /// <summary>Puts the folder back as it was.</summary>
    public void Restore()
    {
        Directory.Delete(original, recursive: true);
        Copy(copy, original);
    }

    public void Dispose() => Directory.Delete(copy, recursive: true);

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        // The room that a node sets aside is made anew when it is missing.
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "reserve"))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }
}
