namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>What a finished process left behind.</summary>
internal sealed record ProcessResult(int ExitCode, string Output, string Errors, TimeSpan Took)
{
    public override string ToString() => $"exit {ExitCode} after {Took.TotalSeconds:0.00} s\n--- stdout\n{Output}\n--- stderr\n{Errors}";
}
