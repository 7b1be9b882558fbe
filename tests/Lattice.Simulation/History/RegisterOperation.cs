namespace Lattice.Simulation.History;

/// <summary>
/// One operation on one key, reduced to what its linearization needs: what the key must have held at the moment it took
/// effect, and what the key holds after it. Values are unique in a history: no two operations set the same one.
/// </summary>
internal sealed record RegisterOperation
{
    /// <summary>Stands for "the key is absent", as a requirement or as an effect.</summary>
    public const string Absent = "\0absent";

    /// <summary>The requirement that the key holds something.</summary>
    public const string Present = "\0present";

    /// <summary>When an operation whose outcome nobody learned has returned: never.</summary>
    public const long Never = long.MaxValue;

    /// <summary>For people.</summary>
    public required string Label { get; init; }

    /// <summary>When it was called.</summary>
    public required long Invoked { get; init; }

    /// <summary>When its result arrived; <see cref="Never"/>: it may take effect at any time from its call on, or not at all.</summary>
    public required long Returned { get; init; }

    /// <summary>What the key held: a value, <see cref="Absent"/> or <see cref="Present"/>; null: anything.</summary>
    public string? Requires { get; init; }

    /// <summary>What the key holds then: a value or <see cref="Absent"/>; null: what it held before.</summary>
    public string? Sets { get; init; }

    /// <summary>Whether it need not have happened.</summary>
    public bool IsOptional => Returned == Never;

    public static RegisterOperation Get(string label, long invoked, long returned, string seen) =>
        new() { Label = label, Invoked = invoked, Returned = returned, Requires = seen };

    public static RegisterOperation Put(string label, long invoked, long returned, string value) =>
        new() { Label = label, Invoked = invoked, Returned = returned, Sets = value };

    public static RegisterOperation Delete(string label, long invoked, long returned) =>
        new() { Label = label, Invoked = invoked, Returned = returned, Sets = Absent };

    public static RegisterOperation Swap(string label, long invoked, long returned, string expected, string value) =>
        new() { Label = label, Invoked = invoked, Returned = returned, Requires = expected, Sets = value };

    public override string ToString() =>
        FormattableString.Invariant($"{Label} [{Time(Invoked)} .. {Time(Returned)}] requires {Show(Requires)}, sets {Show(Sets)}");

    private static string Time(long time) => time == Never ? "?" : FormattableString.Invariant($"{time / 1_000_000.0:F6}");

    private static string Show(string? value) => value switch
    {
        null => "-",
        Absent => "absent",
        Present => "present",
        _ => value,
    };
}
