namespace Lattice.Core.State;

/// <summary>
/// A snapshot that was being installed when the node stopped left rows of an epoch that never came to count. They are removed
/// before the group goes on, so that no epoch is ever begun on top of an old one.
/// </summary>
internal static class EpochCleanup
{
    /// <summary>Removes the rows of all epochs of a group but the one that counts; null: none does.</summary>
    public static void DropAllBut(IStateEngine engine, uint group, uint? epoch)
    {
        byte[] end = group == uint.MaxValue ? [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] : StateKeys.EpochStart(group + 1, 0);
        DropIfAny(engine, StateKeys.EpochStart(group, epoch is { } counts ? counts + 1 : 1), end);
        if (epoch is > 1)
        {
            DropIfAny(engine, StateKeys.EpochStart(group, 1), StateKeys.EpochStart(group, epoch.Value));
        }
    }

    // Looks first: a range that is removed costs readers until it is compacted away, and hardly ever is there anything in it.
    private static void DropIfAny(IStateEngine engine, byte[] from, byte[] to)
    {
        using (IStateCursor cursor = engine.Cursor(from, to))
        {
            if (!cursor.Next())
            {
                return;
            }
        }

        using StateBatch batch = engine.CreateBatch();
        batch.DeleteRange(from, to);
        engine.Write(batch);
    }
}
