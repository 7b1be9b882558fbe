using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lattice.AppHost;

/// <summary>Runs the model as child processes of this one, their output prefixed with the node's name.</summary>
internal sealed partial class ProcessRunner(ClusterModel model, string lattice, TextWriter output)
{
    private const int SigTerm = 15;

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Runs until cancelled or until a node ends by itself.</summary>
    /// <returns>0 when cancelled, else the exit code of the node that ended.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        foreach (NodeModel node in model.Nodes)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(model.ConfigurationOf(node))!);
            using Process generate = Start(node.Name, model.GenerateArguments(node));
            await generate.WaitForExitAsync(cancellation).ConfigureAwait(false);
            if (generate.ExitCode != 0)
            {
                return generate.ExitCode;
            }
        }

        List<Process> processes = [.. model.Nodes.Select(node => Start(node.Name, model.StartArguments(node)))];
        try
        {
            Task<Process> ended = await Task.WhenAny(processes.Select(p => EndAsync(p, cancellation))).ConfigureAwait(false);
            return cancellation.IsCancellationRequested ? 0 : (await ended.ConfigureAwait(false)).ExitCode;
        }
        finally
        {
            await StopAsync(processes).ConfigureAwait(false);
        }
    }

    private static async Task<Process> EndAsync(Process process, CancellationToken cancellation)
    {
        await process.WaitForExitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return process;
    }

    private static async Task StopAsync(List<Process> processes)
    {
        foreach (Process process in processes.Where(p => !p.HasExited))
        {
            // The process may have ended in between; then there is nobody left to tell.
            _ = SendSignal(process.Id, SigTerm);
        }

        using var timeout = new CancellationTokenSource(StopTimeout);
        foreach (Process process in processes)
        {
            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.Dispose();
        }
    }

    private Process Start(string name, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [lattice, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string key, string value) in model.Environment)
        {
            start.Environment[key] = value;
        }

        Process process = Process.Start(start) ?? throw new InvalidOperationException("The .NET host 'dotnet' could not be started: it has to be on the PATH.");
        process.OutputDataReceived += Print;
        process.ErrorDataReceived += Print;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;

        void Print(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is not null)
            {
                output.WriteLine($"{name}  {line.Data}");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);
}
