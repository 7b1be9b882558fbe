using System.Text;
using Lattice.Core.Disk;
using Lattice.Core.Replication;
using Lattice.Core.Tests.Disk;
using Xunit;

namespace Lattice.Core.Tests.Replication;

public sealed class NodeIdentityTests
{
    private const string Directory = "/data";
    private readonly FaultyDisk _disk = new();

    private static string PathOf => Path.Combine(Directory, NodeIdentity.FileName);

    [Fact]
    public void A_node_that_never_ran_has_no_identity() => Assert.Null(NodeIdentity.Load(_disk, Directory));

    [Fact]
    public void An_identity_is_durable_once_saved()
    {
        var identity = new NodeIdentity { Node = 2, Incarnation = 0xFEDC_BA98_7654_3210 };
        Assert.True(identity.Founding);
        identity.Save(_disk, Directory);
        _disk.Crash(_ => false);
        Assert.Equal(identity, NodeIdentity.Load(_disk, Directory));
        NodeIdentity member = identity with { ClusterId = ulong.MaxValue };
        Assert.False(member.Founding);
        member.Save(_disk, Directory);
        _disk.Crash(_ => false);
        Assert.Equal(member, NodeIdentity.Load(_disk, Directory));
    }

    [Fact]
    public void A_crash_while_saving_leaves_the_old_identity_or_the_new()
    {
        var old = new NodeIdentity { Node = 1, Incarnation = 5 };
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var disk = new FaultyDisk();
            old.Save(disk, Directory);
            int failing = random.Next(3);
            disk.Syncing = _ => throw new IOException("power failure");
            if (failing > 0)
            {
                disk.Syncing = null;
            }

            try
            {
                (old with { ClusterId = 7 }).Save(disk, Directory);
            }
            catch (IOException)
            {
                // The machine is off.
            }

            disk.Crash(random);
            NodeIdentity? found = NodeIdentity.Load(disk, Directory);
            Assert.Contains(found!.ClusterId, (ulong[])[0, 7]);
            (old with { ClusterId = 9 }).Save(disk, Directory);
            Assert.Equal(9UL, NodeIdentity.Load(disk, Directory)!.ClusterId);
        }
    }

    [Fact]
    public void Every_edited_or_damaged_byte_is_noticed()
    {
        new NodeIdentity { Node = 3, Incarnation = 77, ClusterId = 99 }.Save(_disk, Directory);
        byte[] whole = _disk.Bytes(PathOf);
        for (int at = 0; at < whole.Length - 1; at++)
        {
            FaultyDisk disk = _disk.Copy();
            disk.Bytes(PathOf)[at] ^= 1;
            NodeIdentityException e = Assert.Throws<NodeIdentityException>(() => NodeIdentity.Load(disk, Directory));
            Assert.Equal(PathOf, e.File);
        }

        for (int length = 0; length < whole.Length - 1; length++)
        {
            FaultyDisk disk = _disk.Copy();
            disk.Replace(PathOf, whole[..length]);
            Assert.Throws<NodeIdentityException>(() => NodeIdentity.Load(disk, Directory));
        }
    }

    [Fact]
    public void People_can_read_it()
    {
        new NodeIdentity { Node = 3, Incarnation = 0x4D, ClusterId = 0x63, ClusterName = "blue" }.Save(_disk, Directory);
        string text = Encoding.UTF8.GetString(_disk.Bytes(PathOf));
        Assert.Contains("\nversion=1\nnode=3\nincarnation=000000000000004d\ncluster=0000000000000063\nname=blue\nlevel=0\nchecksum=", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_version_is_named_as_such()
    {
        const string Text = "version=2\nanything=else\n";
        string checksum = System.IO.Hashing.XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(Text)).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
        using (IDiskFile file = _disk.Open(PathOf, DiskFileMode.Create))
        {
            file.Write(0, Encoding.UTF8.GetBytes(Text + "checksum=" + checksum + "\n"));
        }

        Assert.Contains("version 2", Assert.Throws<NodeIdentityException>(() => NodeIdentity.Load(_disk, Directory)).Message, StringComparison.Ordinal);
    }
}
