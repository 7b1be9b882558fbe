using System.Collections.Concurrent;

namespace Lattice.Grains;

/// <summary>What this node knows of its connections to the others, for status and metrics.</summary>
public sealed class PeerLinks
{
    private readonly ConcurrentDictionary<int, Link> links = new();

    /// <summary>The link to a node.</summary>
    public Link Of(int node) => links.GetOrAdd(node, static _ => new Link());

    /// <summary>One link. Any thread.</summary>
    public sealed class Link
    {
        // Weight of the newest measurement in the moving average.
        private const double Weight = 0.2;

        private long failedSends;
        private double roundTripUs;

        /// <summary>Sends that failed since the start.</summary>
        public long FailedSends => Interlocked.Read(ref failedSends);

        /// <summary>Moving average of the round trip in microseconds; 0 before the first one.</summary>
        public double RoundTripUs => Volatile.Read(ref roundTripUs);

        /// <summary>Whether the last round trip came back.</summary>
        public bool Alive { get; private set; }

        /// <summary>A send failed.</summary>
        public void SendFailed() => Interlocked.Increment(ref failedSends);

        /// <summary>A round trip came back; called by one thread at a time.</summary>
        public void Answered(TimeSpan roundTrip)
        {
            Alive = true;
            double former = roundTripUs;
            Volatile.Write(ref roundTripUs, former == 0 ? roundTrip.TotalMicroseconds : former + (Weight * (roundTrip.TotalMicroseconds - former)));
        }

        /// <summary>A round trip did not come back in time.</summary>
        public void Silent() => Alive = false;
    }
}
