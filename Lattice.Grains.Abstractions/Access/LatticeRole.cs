namespace Lattice.Grains.Access;

/// <summary>What a token lets its bearer do; each role includes the ones before it.</summary>
public enum LatticeRole
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read records, and see how the cluster stands.</summary>
    Read = 1,

    /// <summary>Change records.</summary>
    Write = 2,

    /// <summary>Operate the cluster: members, leaders, snapshots, backups, stops, drills.</summary>
    Admin = 3,
}
