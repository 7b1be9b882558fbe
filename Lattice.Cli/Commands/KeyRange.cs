namespace Lattice.Cli.Commands;

/// <summary>Ranges of keys in the order of their bytes.</summary>
internal static class KeyRange
{
    /// <summary>All keys that begin with a prefix: from it up to the first that does not; empty: there is none.</summary>
    public static (byte[] From, byte[] To) OfPrefix(byte[] prefix)
    {
        for (int i = prefix.Length - 1; i >= 0; i--)
        {
            if (prefix[i] < byte.MaxValue)
            {
                byte[] end = prefix[..(i + 1)];
                end[i]++;
                return (prefix, end);
            }
        }

        return (prefix, []);
    }
}
