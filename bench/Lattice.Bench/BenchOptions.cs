using System.CommandLine;

namespace Lattice.Bench;

/// <summary>Options that several commands have.</summary>
internal static class BenchOptions
{
    /// <summary>A whole number from 1.</summary>
    public static Option<int> Positive(string name, string description, int usual)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() < 1)
            {
                r.AddError($"{name} has to be at least 1.");
            }
        });
        return option;
    }

    /// <summary>The published binary.</summary>
    public static Option<string> Binary() => new("--lattice") { Description = "The published binary", DefaultValueFactory = _ => "artifacts/lattice/lattice" };

    /// <summary>Writes a result into the file that was named, if one was.</summary>
    public static Task WriteAsync(string? file, string content, CancellationToken cancellation) => file is null ? Task.CompletedTask : File.WriteAllTextAsync(file, content, cancellation);

    /// <summary>The words of a list.</summary>
    public static string[] Words(string? list) => (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Only these words, separated by commas.</summary>
    public static void AcceptWords(this Option<string> option, IEnumerable<string> known)
    {
        List<string> all = [.. known];
        option.Validators.Add(r =>
        {
            string[] wrong = [.. Words(r.GetValueOrDefault<string>()).Except(all)];
            if (wrong.Length > 0)
            {
                r.AddError($"{option.Name}: there is no {string.Join(", ", wrong)}; there are {string.Join(", ", all)}.");
            }
        });
    }
}
