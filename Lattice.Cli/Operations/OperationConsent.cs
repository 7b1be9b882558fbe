using System.Text;
using Lattice.Grains;

namespace Lattice.Cli.Operations;

/// <summary>Has an operation confirmed by whoever runs the command.</summary>
internal static class OperationConsent
{
    /// <summary>Shows what will be done and asks; returns when it is agreed to.</summary>
    /// <exception cref="CommandFailedException">It is not.</exception>
    public static void Obtain(Shell shell, OperationPlan plan, bool isAgreed)
    {
        shell.Error.WriteLine(plan.Warning);
        if (isAgreed)
        {
            return;
        }

        shell.Error.Write($"Type {plan.Confirmation} to do it: ");
        using var input = new StreamReader(shell.OpenInput(), Encoding.UTF8);
        string? typed = input.ReadLine()?.Trim();
        if (!string.Equals(typed, plan.Confirmation, StringComparison.Ordinal))
        {
            throw new CommandFailedException(ExitCodes.Negative, $"It was not confirmed: '{plan.Confirmation}' was wanted and {(typed is null ? "nothing" : $"'{typed}'")} was given. Nothing was done.");
        }
    }
}
