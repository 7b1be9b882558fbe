using System.Collections.Concurrent;
using System.Reflection;
using Lattice.Grains;
using Lattice.Grains.Access;

namespace Lattice.Silo.Security;

/// <summary>The role that a client needs for a method of a grain.</summary>
internal static class RequiredRoles
{
    // What every Orleans client calls by itself, whatever it is used for.
    private static readonly string[] OfEveryClient =
    [
        "Orleans.Runtime.IClusterManifestSystemTarget",
        "Orleans.Runtime.ICancellationSourcesExtension",
        "Orleans.Runtime.IGrainCallCancellationExtension",
        "Orleans.Runtime.IAsyncEnumerableGrainExtension",
    ];

    // One for each method that was ever called: as many as there are.
    private static readonly ConcurrentDictionary<MethodInfo, LatticeRole> Known = [];

    /// <summary>The role.</summary>
    public static LatticeRole Of(MethodInfo method) => Known.GetOrAdd(method, Find);

    private static LatticeRole Find(MethodInfo method)
    {
        Type type = method.DeclaringType!;
        if ((method.GetCustomAttribute<RequiresRoleAttribute>() ?? type.GetCustomAttribute<RequiresRoleAttribute>()) is { } said)
        {
            return said.Role;
        }

        return OfEveryClient.Contains(type.FullName) ? LatticeRole.Read
            : IsOfApplication(type.Assembly) ? LatticeRole.Write
            : LatticeRole.Admin;
    }

    private static bool IsOfApplication(Assembly assembly) =>
        assembly != typeof(INodeGrain).Assembly && assembly != typeof(NodeInfo).Assembly && assembly.GetName().Name?.StartsWith("Orleans.", StringComparison.Ordinal) != true;
}
