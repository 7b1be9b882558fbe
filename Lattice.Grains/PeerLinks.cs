using System.Collections.Concurrent;
using Lattice.Core.Telemetry;

namespace Lattice.Grains;

/// <summary>What this node knows of its connections to the others, for status and metrics.</summary>
public sealed class PeerLinks(TimeProvider time)
{
    private readonly ConcurrentDictionary<int, Link> links = new();

    /// <summary>The link to a node, if there is one already.</summary>
    public Link? Find(int node) => links.GetValueOrDefault(node);

    /// <summary>The link to a node.</summary>
    public Link Of(int node) => links.GetOrAdd(node, static (_, time) => new Link(time), time);

    /// <summary>One link. Any thread.</summary>
    public sealed class Link(TimeProvider time)
    {
        // Weight of the newest measurement in the moving average.
        private const double Weight = 0.2;

        private long failedSends;
        private long sentMessages;
        private long sentBytes;
        private long receivedFrames;
        private long receivedBytes;
        private double roundTripUs;

        /// <summary>Sends that failed since the start.</summary>
        public long FailedSends => Interlocked.Read(ref failedSends);

        /// <summary>Messages sent since the start, of all groups.</summary>
        public long SentMessages => Interlocked.Read(ref sentMessages);

        /// <summary>Bytes of the frames in which they were sent.</summary>
        public long SentBytes => Interlocked.Read(ref sentBytes);

        /// <summary>Frames received since the start.</summary>
        public long ReceivedFrames => Interlocked.Read(ref receivedFrames);

        /// <summary>Their bytes.</summary>
        public long ReceivedBytes => Interlocked.Read(ref receivedBytes);

        /// <summary>Bytes sent lately.</summary>
        public RateWindow SendRate { get; } = new(time);

        /// <summary>Bytes received lately.</summary>
        public RateWindow ReceiveRate { get; } = new(time);

        /// <summary>Moving average of the round trip in microseconds; 0 before the first one.</summary>
        public double RoundTripUs => Volatile.Read(ref roundTripUs);

        /// <summary>Whether the last round trip came back.</summary>
        public bool Alive { get; private set; }

        /// <summary>A send failed.</summary>
        public void SendFailed() => Interlocked.Increment(ref failedSends);

        /// <summary>A frame was handed over.</summary>
        public void Sent(int messages, int bytes)
        {
            Interlocked.Add(ref sentMessages, messages);
            Interlocked.Add(ref sentBytes, bytes);
            SendRate.Add(bytes);
        }

        /// <summary>A frame came.</summary>
        public void Received(int bytes)
        {
            Interlocked.Increment(ref receivedFrames);
            Interlocked.Add(ref receivedBytes, bytes);
            ReceiveRate.Add(bytes);
        }

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
