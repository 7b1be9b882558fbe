using Lattice.Core.Replication;
using Lattice.Core.Upgrade;
using Lattice.Grains.Verification;

namespace Lattice.Grains;

/// <summary>Puts together how this node stands.</summary>
public sealed class NodeStatusSource(NodeInfo node, ReplicaHost host, MemberDirectory members, PeerLinks links, VerifierReports verifiers, TimeProvider time)
{
    /// <summary>The node's status now.</summary>
    public NodeStatus Get()
    {
        HostStatus status = host.Status();
        return new NodeStatus
        {
            Node = node.Node,
            Reachable = true,
            Address = node.Addresses.GetValueOrDefault(node.Node, ""),
            UptimeSeconds = (time.GetUtcNow() - node.StartedAt).TotalSeconds,
            Version = node.Version,
            SyncOnWrite = node.SyncOnWrite,
            Level = status.Level,
            NewestLevel = FeatureLevels.Newest,
            DataBytes = DataBytes(),
            FreeBytes = status.Room.FreeBytes,
            VolumeBytes = status.Room.TotalBytes,
            ReserveBytes = status.Room.ReserveBytes,
            HasNoRoom = status.DiskFull,
            Groups = [.. status.Replicas.Select(Group)],
            Peers = [.. members.Members().Where(id => id != node.Node).Select(Link)],
            Verifiers = verifiers.Current(),
        };
    }

    private static GroupStatus Group(ReplicaStatus replica) => new()
    {
        Group = replica.Group,
        Role = replica.Role.ToString(),
        Term = replica.Term,
        Leader = replica.Leader,
        Commit = replica.Commit,
        Applied = replica.Applied.Index,
        LastIndex = replica.LastIndex,
        LogBytes = replica.LogBytes,
        Voters = [.. replica.Configuration.Voters],
        Learners = [.. replica.Configuration.Learners],
        Verification = replica.Verification.ToString(),
        AgreedIndex = replica.AgreedIndex,
        Serves = replica.Serves,
    };

    private PeerLink Link(int peer)
    {
        PeerLinks.Link link = links.Of(peer);
        return new PeerLink { Node = peer, RoundTripUs = link.RoundTripUs, FailedSends = link.FailedSends, Alive = link.Alive };
    }

    private long DataBytes()
    {
        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(node.DataDirectory).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Files of the state come and go while they are being counted.
                continue;
            }
        }

        return bytes;
    }
}
