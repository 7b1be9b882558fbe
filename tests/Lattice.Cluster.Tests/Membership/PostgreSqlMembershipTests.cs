using Lattice.Silo.Configuration;

namespace Lattice.Cluster.Tests.Membership;

/// <summary>Membership on PostgreSQL.</summary>
[Collection(PostgreSqlTests.Name)]
public sealed class PostgreSqlMembershipTests(PrivatePostgreSql server) : MembershipTableSpecification
{
    protected override MembershipSettings NewDatabase() => new(MembershipProvider.PostgreSql, server.NewDatabase());
}
