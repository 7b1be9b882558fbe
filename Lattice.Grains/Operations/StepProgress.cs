namespace Lattice.Grains.Operations;

/// <summary>Where a step tells how far it is and what came of it.</summary>
internal sealed class StepProgress(IDictionary<string, string> facts, Action<string, long, long> report)
{
    /// <summary>Tells how far the step is.</summary>
    /// <param name="detail">What is being waited for, or what came of it.</param>
    /// <param name="done">How much of <paramref name="total"/> is done.</param>
    /// <param name="total">All of it; 0: not known.</param>
    public void Report(string detail, long done = 0, long total = 0) => report(detail, done, total);

    /// <summary>Something that came of the operation.</summary>
    public string Fact(string name) => facts.TryGetValue(name, out string? value) ? value : "";

    /// <summary>Keeps what came of the operation.</summary>
    public void SetFact(string name, string value) => facts[name] = value;
}
