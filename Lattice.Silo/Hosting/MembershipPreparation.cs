using Lattice.Silo.Configuration;
using Lattice.Silo.Membership;

namespace Lattice.Silo.Hosting;

/// <summary>Prepares the membership database before the silo first looks at it.</summary>
internal sealed class MembershipPreparation(NodeSettings settings) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(MembershipPreparation),
        ServiceLifecycleStage.RuntimeInitialize,
        cancellation => MembershipDatabase.PrepareAsync(settings, cancellation));
}
