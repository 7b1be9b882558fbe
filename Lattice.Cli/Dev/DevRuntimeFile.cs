using System.Diagnostics;
using System.Text.Json;

namespace Lattice.Cli.Dev;

/// <summary>Tells other <c>lattice</c> processes of this user where a running <c>lattice dev</c> has its root. Gone with the process that wrote it.</summary>
internal sealed class DevRuntimeFile(string path)
{
    /// <summary>The file of this user.</summary>
    public static DevRuntimeFile OfUser()
    {
        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        string folder = runtime is { Length: > 0 }
            ? Path.Combine(runtime, "lattice")
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "lattice");
        return new DevRuntimeFile(Path.Combine(folder, "dev.json"));
    }

    /// <summary>The running <c>lattice dev</c>, or null if there is none.</summary>
    public DevRuntime? Read()
    {
        try
        {
            DevRuntime? runtime = JsonSerializer.Deserialize(File.ReadAllText(path), CliJson.Default.DevRuntime);
            return runtime is not null && IsAlive(runtime.Pid) ? runtime : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // No file, or one that is being written: no running cluster to find.
            return null;
        }
    }

    /// <summary>Records this process.</summary>
    public void Write(string root)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string temporary = $"{path}.{Environment.ProcessId}";
        File.WriteAllText(temporary, JsonSerializer.Serialize(new DevRuntime(Environment.ProcessId, root), CliJson.Default.DevRuntime));
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Removes the record if it is this process's.</summary>
    public void Remove()
    {
        if (Read() is { } runtime && runtime.Pid == Environment.ProcessId)
        {
            File.Delete(path);
        }
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

/// <summary>A running <c>lattice dev</c>.</summary>
/// <param name="Pid">Its process.</param>
/// <param name="Root">Folder of configuration and data.</param>
internal sealed record DevRuntime(int Pid, string Root);
