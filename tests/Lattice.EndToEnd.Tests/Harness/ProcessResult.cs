using System.Diagnostics;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>What a finished process left behind.</summary>
internal sealed record ProcessResult(int ExitCode, string Output, string Errors, TimeSpan Took)
{
    /// <summary>Runs a process to its end.</summary>
    public static ProcessResult Of(ProcessStartInfo start, byte[] input)
    {
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new ProcessResult(process.ExitCode, output, errors.Result, Stopwatch.GetElapsedTime(began));
    }

    /// <summary>Runs a tool of the system to its end.</summary>
    public static ProcessResult OfTool(string tool, params string[] arguments) => Of(new ProcessStartInfo(tool, arguments), []);

    /// <summary>Fails the test unless the exit code is 0.</summary>
    public void AssertSucceeded() => Assert.True(ExitCode == 0, ToString());

    public override string ToString() => $"exit {ExitCode} after {Took.TotalSeconds:0.00} s\n--- stdout\n{Output}\n--- stderr\n{Errors}";
}
