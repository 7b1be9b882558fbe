namespace Lattice.Grains;

/// <summary>How many operations of operators run on this node; they run on one node of the cluster.</summary>
public sealed class OperationsUnderWay
{
    private int count;

    /// <summary>How many.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>So many run now.</summary>
    public void Are(int running) => Volatile.Write(ref count, running);
}
