namespace Lattice.Simulation.History;

/// <summary>
/// Takes from a history what is known about operations whose outcome nobody learned: one whose value was never seen can
/// be left out, since whoever followed it would have seen it or did not look; one whose value was seen did happen, and
/// before the first that saw it returned. Without this, every such operation would stay concurrent with all later ones.
/// </summary>
internal static class UnknownOutcomes
{
    public static IReadOnlyList<RegisterOperation> Narrow(IReadOnlyList<RegisterOperation> history)
    {
        HashSet<string> written = new(StringComparer.Ordinal);
        HashSet<string> erasable = new(StringComparer.Ordinal);
        bool anyPresent = false;
        foreach (RegisterOperation operation in history)
        {
            anyPresent |= operation.Requires is RegisterOperation.Present;
            if (operation.IsOptional && IsValue(operation.Requires) && operation.Sets is RegisterOperation.Absent)
            {
                erasable.Add(operation.Requires!);
            }

            if (IsValue(operation.Sets) && !written.Add(operation.Sets!))
            {
                throw new InvalidOperationException($"Two operations of one history set the same value: {operation}");
            }
        }

        Dictionary<string, long> firstSeen = FirstSeen(history);
        List<RegisterOperation> narrowed = new(history.Count);
        foreach (RegisterOperation operation in history)
        {
            if (!operation.IsOptional || !IsValue(operation.Sets))
            {
                if (!operation.IsOptional || operation.Sets is not null)
                {
                    narrowed.Add(operation);
                }
            }
            else if (firstSeen.TryGetValue(operation.Sets!, out long seen))
            {
                narrowed.Add(operation with { Returned = seen });
            }
            else if (anyPresent || erasable.Contains(operation.Sets!))
            {
                // Somebody found the key present without saying what it held: it may have been this. Or it came and went
                // unseen, by its expiry, and what was seen is that the value before it is gone.
                narrowed.Add(operation);
            }
        }

        return narrowed;
    }

    /// <summary>When the first operation that found a value returned. One of unknown outcome counts when its own value was seen.</summary>
    private static Dictionary<string, long> FirstSeen(IReadOnlyList<RegisterOperation> history)
    {
        Dictionary<string, long> seen = new(StringComparer.Ordinal);
        bool changed = true;
        while (changed)
        {
            changed = false;
            foreach (RegisterOperation operation in history)
            {
                if (!IsValue(operation.Requires))
                {
                    continue;
                }

                long returned = operation.Returned;
                if (operation.IsOptional && (!IsValue(operation.Sets) || !seen.TryGetValue(operation.Sets!, out returned)))
                {
                    continue;
                }

                if (!seen.TryGetValue(operation.Requires!, out long known) || returned < known)
                {
                    seen[operation.Requires!] = returned;
                    changed = true;
                }
            }
        }

        return seen;
    }

    private static bool IsValue(string? value) => value is not (null or RegisterOperation.Absent or RegisterOperation.Present);
}
