using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Lattice.Cli;

/// <summary>
/// Has a node run from a copy of the published file beside what it unpacks, one for each version. The system lets nobody write to a file that is being executed
/// ("Text file busy"), so an operator could not copy a new version over the one that nodes of this machine run.
/// </summary>
internal static partial class PrivateCopy
{
    private const string Program = "lattice.dll";

    /// <summary>
    /// Goes on in the copy, as the same process with the same arguments; returns only when this is the copy, when there is nothing to copy (a build that is not one
    /// file), or when the folder takes none: then the node runs from where it is.
    /// </summary>
    public static void GoOnIn(string[] arguments)
    {
        string self = Environment.ProcessPath ?? "";

        // Where a file unpacks itself depends on its name.
        string copy = Path.Combine(AppContext.BaseDirectory, Path.GetFileName(self));
        if (!OperatingSystem.IsLinux() || !IsUnpacked(self) || !Prepare(self, copy))
        {
            return;
        }

        // Process lists go on showing the file.
        _ = Execute(copy, [self, .. arguments, null]);
    }

    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);

    /// <summary>Whether the file unpacked the program elsewhere: it is not the copy, not a build in a folder, and not <c>dotnet</c>.</summary>
    private static bool IsUnpacked(string self) =>
        self.Length > 0 && Path.GetFileName(self) is not "dotnet"
        && !File.Exists(Path.Combine(Path.GetDirectoryName(self)!, Program))
        && File.Exists(Path.Combine(AppContext.BaseDirectory, Program));

    private static bool Prepare(string self, string copy)
    {
        try
        {
            long length = new FileInfo(self).Length;
            if (new FileInfo(copy) is { Exists: true } there && there.Length == length)
            {
                return true;
            }

            // Several nodes may begin at once; each name stands for a whole file at any time.
            string unfinished = string.Create(CultureInfo.InvariantCulture, $"{copy}.{Environment.ProcessId}");
            File.Copy(self, unfinished, overwrite: true);
            using (SafeFileHandle written = File.OpenHandle(unfinished))
            {
                RandomAccess.FlushToDisk(written);
            }

            File.Move(unfinished, copy, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
