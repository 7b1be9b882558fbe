using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Upgrade;
using Lattice.Grains.Access;
using Lattice.Silo.Configuration;
using Lattice.Silo.Membership;
using Lattice.Silo.Security;
using Microsoft.AspNetCore.Connections;

namespace Lattice.Silo.Hosting;

/// <summary>What an operator is told about an exception that ended a node, and what to do about it. Anything else is a defect.</summary>
internal static class NodeFailure
{
    /// <summary>Whether the node's data is what keeps it from running: then it cannot help to start it again.</summary>
    public static bool IsOfData(Exception failure) => failure switch
    {
        AggregateException all => all.Flatten().InnerExceptions.Any(IsOfData),
        _ => failure is LogCorruptException or LogVersionException or SnapshotCorruptException or NodeIdentityException or StateFormatException or CatalogFormatException or FeatureLevelException,
    };

    /// <summary>The reason as a sentence or two; null when it is none that an operator could do something about.</summary>
    public static string? Explain(NodeSettings settings, Exception failure) => failure switch
    {
        // A host reports several services at once.
        AggregateException all => all.Flatten().InnerExceptions.Select(e => Explain(settings, e)).FirstOrDefault(reason => reason is not null),

        // Their messages say it already.
        NodeStartException or NodeIdentityException or DataDirectoryInUseException or LogCorruptException or LogVersionException
            or SnapshotCorruptException or MembershipDatabaseException or StateEngineException or StateFormatException or CatalogFormatException or FeatureLevelException
            or DiskFullException or DiskFailedException or TokenFileException or ClusterSecretException or TlsFilesException => failure.Message,
        AddressInUseException or { InnerException: AddressInUseException } =>
            $"Node {settings.Node} cannot listen: {failure.Message.TrimEnd('.')}. Another process took the address while the node started ('ss -ltnp' shows which); stop it or choose another port in the files of all nodes.",
        UnauthorizedAccessException or IOException =>
            $"Node {settings.Node} could not use its files: {failure.Message.TrimEnd('.')}. Check that {settings.Storage.DataDirectory} and the membership database are on a volume that works, with room, and belong to the user that runs the node.",
        _ => null,
    };
}
