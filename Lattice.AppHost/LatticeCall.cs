using System.Diagnostics;

namespace Lattice.AppHost;

/// <summary>A call of <c>lattice</c> as a tool, run to its end.</summary>
/// <param name="Arguments">Its arguments.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it wrote, results before errors.</param>
internal sealed record LatticeCall(IReadOnlyList<string> Arguments, int ExitCode, string Output)
{
    /// <summary>Whether it did what it was asked to.</summary>
    public bool Succeeded => ExitCode == 0;

    /// <summary>Makes the call.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the call was ended.</exception>
    public static async Task<LatticeCall> RunAsync(ClusterModel model, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        using Process process = Process.Start(BuiltProgram.Lattice.Start(model.Environment, arguments))!;
        process.StandardInput.Close();
        try
        {
            Task<string> results = process.StandardOutput.ReadToEndAsync(cancellation);
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            return new LatticeCall(arguments, process.ExitCode, $"{await results.ConfigureAwait(false)}{await errors.ConfigureAwait(false)}".TrimEnd());
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>Writes the configuration files of all nodes.</summary>
    /// <exception cref="LatticeCallException">A file could not be written.</exception>
    public static Task WriteConfigurationsAsync(ClusterModel model, CancellationToken cancellation) => Task.WhenAll(model.Nodes.Select(async node =>
    {
        LatticeCall call = await RunAsync(model, model.GenerateArguments(node), cancellation).ConfigureAwait(false);
        if (!call.Succeeded)
        {
            throw new LatticeCallException(call);
        }
    }));
}

/// <summary>A call of <c>lattice</c> failed, without which the cluster cannot be started.</summary>
internal sealed class LatticeCallException(LatticeCall call)
    : Exception($"'lattice {string.Join(' ', call.Arguments)}' ended with exit code {call.ExitCode}, so the cluster was not started: {call.Output}");
