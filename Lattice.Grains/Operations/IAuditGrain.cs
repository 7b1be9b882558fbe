namespace Lattice.Grains.Operations;

/// <summary>Where nodes note what operators did to them; key 0. The <see cref="AdminGrain"/> keeps it with its operations.</summary>
[Alias("lattice.audit")]
public interface IAuditGrain : IGrainWithIntegerKey
{
    /// <summary>Notes an event; the same one once.</summary>
    [Alias("note")]
    [ResponseTimeout("00:00:03")]
    ValueTask Note(AuditEvent told);
}
