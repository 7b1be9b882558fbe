using System.Collections.Concurrent;
using CsCheck;
using Lattice.Core.State;
using Xunit;

namespace Lattice.Core.Tests.Verification;

/// <summary>The state machine and the reference model, which share no code but the decoded form of commands, say the same of everything.</summary>
public class ReferenceModelTests
{
    private const int Histories = 4_000;

    [Fact]
    public void State_machine_and_reference_model_agree_on_every_history()
    {
        var seen = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        HistoryGenerator.AnyHistory.Sample(
            history =>
            {
                using var player = new HistoryPlayer(history);
                player.Play();
                foreach (string what in player.Seen)
                {
                    seen.AddOrUpdate(what, 1, (_, n) => n + 1);
                }
            },
            iter: Histories,
            threads: 2);

        // Histories in which nothing happens would agree as well.
        string[] expected =
        [
            .. Enum.GetValues<RefusalCode>().Where(c => c != RefusalCode.None).Select(c => $"refused: {c}"),
            .. Enum.GetValues<Around>().Select(a => $"around: {a}"),
            "Done", "ConditionFailed", "effect: put", "effect: put, was there", "effect: deleted, was there", "effect: expired, was there", "sessions", "a commit had to wait",
        ];
        Assert.All(expected, what => Assert.True(seen.GetValueOrDefault(what) >= Histories / 100, $"{what}: {seen.GetValueOrDefault(what)} times"));
    }
}
