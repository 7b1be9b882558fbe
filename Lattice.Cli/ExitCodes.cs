namespace Lattice.Cli;

/// <summary>What the exit codes of <c>lattice</c> mean; documented in <c>docs/cli.md</c>.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The answer is no: not found, condition failed, file refused, cluster degraded.</summary>
    public const int Negative = 1;

    /// <summary>The cluster did not answer or could not do it.</summary>
    public const int Unavailable = 2;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 64;

    /// <summary>The cluster did not let the command in: token or certificate.</summary>
    public const int NotPermitted = 77;

    /// <summary>A defect of Lattice.</summary>
    public const int Internal = 70;
}
