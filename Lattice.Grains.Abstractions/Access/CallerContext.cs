namespace Lattice.Grains.Access;

/// <summary>Names under which a call carries who makes it, in Orleans' <see cref="RequestContext"/>.</summary>
public static class CallerContext
{
    /// <summary>The token, from a client to the node that it calls; taken off there.</summary>
    public const string Token = "lattice-token";

    /// <summary>From there on, when the node asks for tokens: the name of the token that the call came with.</summary>
    public const string Name = "lattice-caller";

    /// <summary>The name of the token that the present call came with; null: nobody asked for one.</summary>
    public static string? Current => RequestContext.Get(Name) as string;

    /// <summary>Who makes the present call, for the audit: as they say themselves, and by the name of their token when one was asked for.</summary>
    public static string Describe(string who) => Current is { } token ? $"{who} (token '{token}')" : who;
}
