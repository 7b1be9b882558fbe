namespace Lattice.Core.Log;

/// <summary>
/// What <see cref="LogWriter"/> reports. Called on its thread, between two flushes: implementations hand on and return.
/// </summary>
public interface ILogObserver
{
    /// <summary>Records have become durable: <see cref="WriteAheadLog.DurableSequence"/> is now <paramref name="durableSequence"/>.</summary>
    void Flushed(long durableSequence);

    /// <summary>One flush was made. For measurements.</summary>
    /// <param name="flush">What was written.</param>
    /// <param name="write">Time taken by writing.</param>
    /// <param name="sync">Time taken by <c>fdatasync</c>; zero when the flush did not sync.</param>
    void Measured(LogFlush flush, TimeSpan write, TimeSpan sync);

    /// <summary>The disk is full: nothing becomes durable until <see cref="Healed"/>. Reported once.</summary>
    void Full(string message);

    /// <summary>There is room again, and what was pending has been written.</summary>
    void Healed();

    /// <summary>The log has failed for good and the writer has ended: the node has to stop.</summary>
    void Failed(Exception reason);
}
