using Lattice.Simulation.Runtime;

namespace Lattice.Simulation.Network;

/// <summary>
/// The network: one link for each ordered pair of ends. Messages are lost, delayed, duplicated and reordered by what the link's
/// <see cref="LinkQuality"/> says; a link that is cut loses everything, without telling anybody. End 0 stands for the clients.
/// </summary>
internal sealed class SimulatedNetwork(VirtualClock clock, SeededRandom random, Coverage coverage)
{
    private readonly Dictionary<(int From, int To), Link> _links = [];

    /// <summary>Quality of the links that have none of their own.</summary>
    public LinkQuality Default { get; set; } = new();

    /// <summary>Sends <paramref name="bytes"/> bytes; <paramref name="deliver"/> happens when they arrive: never, once or, where that is allowed, twice.</summary>
    public void Send(int from, int to, int bytes, bool mayDuplicate, Action deliver)
    {
        Link link = LinkOf(from, to);
        LinkQuality quality = link.Quality ?? Default;
        if (link.Cuts > 0 || random.Chance(quality.Loss))
        {
            coverage.Count("network: lost");
            return;
        }

        long start = Math.Max(clock.Now, link.BusyUntil);
        link.BusyUntil = start + (bytes * VirtualClock.Second / quality.Bandwidth);
        Schedule(link, quality, link.BusyUntil + quality.Delay(random), deliver);
        if (mayDuplicate && random.Chance(quality.Duplication))
        {
            coverage.Count("network: duplicated");
            Schedule(link, quality, link.BusyUntil + quality.Delay(random), deliver);
        }
    }

    /// <summary>
    /// Sends a frame from node to node. <paramref name="deliver"/> gets what arrives, be it with a bit flipped, and whether it was; a frame that
    /// arrives twice may be damaged once.
    /// </summary>
    public void SendFrame(int from, int to, byte[] frame, Action<byte[], bool> deliver) => Send(from, to, frame.Length, mayDuplicate: true, () =>
    {
        LinkQuality quality = LinkOf(from, to).Quality ?? Default;
        if (!random.Chance(quality.Damage))
        {
            deliver(frame, false);
            return;
        }

        coverage.Count("network: flipped a bit in a frame");
        byte[] damaged = [.. frame];
        damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
        deliver(damaged, true);
    });

    /// <summary>Cuts the link in this direction. Cuts add up; each has to be healed.</summary>
    public void Cut(int from, int to) => LinkOf(from, to).Cuts++;

    /// <summary>Takes one cut back.</summary>
    public void Heal(int from, int to)
    {
        Link link = LinkOf(from, to);
        link.Cuts = Math.Max(0, link.Cuts - 1);
    }

    /// <summary>Whether something sent now could arrive.</summary>
    public bool IsCut(int from, int to) => LinkOf(from, to).Cuts > 0;

    /// <summary>Gives a link a quality of its own; null: the default again.</summary>
    public void SetQuality(int from, int to, LinkQuality? quality) => LinkOf(from, to).Reset(quality);

    /// <summary>Heals all cuts and gives every link the default quality.</summary>
    public void HealAll()
    {
        foreach (Link link in _links.Values)
        {
            link.Cuts = 0;
            link.Reset(null);
        }
    }

    private void Schedule(Link link, LinkQuality quality, long arrival, Action deliver)
    {
        if (!quality.Reorders)
        {
            arrival = Math.Max(arrival, link.LastArrival);
        }
        else if (arrival < link.LastArrival)
        {
            coverage.Count("network: overtaken");
        }

        link.LastArrival = Math.Max(arrival, link.LastArrival);
        clock.At(arrival, () =>
        {
            // What is under way when a link is cut is lost with it.
            if (link.Cuts == 0)
            {
                deliver();
            }
        });
    }

    private Link LinkOf(int from, int to)
    {
        if (!_links.TryGetValue((from, to), out Link? link))
        {
            _links.Add((from, to), link = new Link());
        }

        return link;
    }

    private sealed class Link
    {
        public LinkQuality? Quality { get; private set; }

        public int Cuts { get; set; }

        public long BusyUntil { get; set; }

        public long LastArrival { get; set; }

        /// <summary>Another connection: what is sent on it does not wait for what is still under way on the old one.</summary>
        public void Reset(LinkQuality? quality)
        {
            Quality = quality;
            BusyUntil = 0;
            LastArrival = 0;
        }
    }
}
