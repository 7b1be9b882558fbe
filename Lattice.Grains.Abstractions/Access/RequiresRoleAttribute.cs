namespace Lattice.Grains.Access;

/// <summary>
/// The role that a client needs to call a method of a grain, or any of an interface's. Without it a client needs <see cref="LatticeRole.Write"/> for
/// grains of an application, which may do on its behalf what it could not do itself, and <see cref="LatticeRole.Admin"/> for those of Lattice and Orleans.
/// Calls from one grain to another are not asked for a role.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Interface)]
public sealed class RequiresRoleAttribute(LatticeRole role) : Attribute
{
    /// <summary>The role.</summary>
    public LatticeRole Role { get; } = role;
}
