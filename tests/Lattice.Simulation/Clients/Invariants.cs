using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Clients;

/// <summary>What holds in every consistent view because every transaction keeps it.</summary>
internal static class Invariants
{
    /// <summary>Checks what one answer shows, which is one moment of the group.</summary>
    public static void Check(string label, GroupKeys keys, IReadOnlyDictionary<string, SeenRecord> seen)
    {
        foreach (string[] pair in keys.Pairs)
        {
            if (seen.TryGetValue(pair[0], out SeenRecord a) && seen.TryGetValue(pair[1], out SeenRecord b) && a != b)
            {
                throw new SimulationFailure($"{label}: a pair that is only written together is seen as {pair[0]} = {a} and {pair[1]} = {b}.");
            }
        }

        if (!keys.Accounts.All(seen.ContainsKey))
        {
            return;
        }

        int sum = 0;
        int open = 0;
        foreach (string account in keys.Accounts)
        {
            if (seen[account].Present)
            {
                open++;
                sum += CommandMix.Number(seen[account].Value);
            }
        }

        if (open != 0 && (open != keys.Accounts.Count || sum != GroupKeys.Money))
        {
            throw new SimulationFailure($"{label}: {open} of {keys.Accounts.Count} accounts are open and hold {sum} in place of {GroupKeys.Money}.");
        }
    }
}
