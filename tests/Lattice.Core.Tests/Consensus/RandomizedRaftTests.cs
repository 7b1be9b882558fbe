using Lattice.Core.Tests.Consensus.Cluster;
using Xunit;

namespace Lattice.Core.Tests.Consensus;

/// <summary>Many short random lives of clusters. LATTICE_SEEDS sets how many, LATTICE_SEED the first one.</summary>
public sealed class RandomizedRaftTests
{
    private const int Steps = 8000;

    [Fact]
    public void Whatever_the_network_and_the_disks_do_the_replicas_agree_and_recover()
    {
        int first = Number("LATTICE_SEED", 1);
        int count = Number("LATTICE_SEEDS", 300);
        ulong committed = 0;
        int reads = 0;
        var failures = new List<string>();
        for (int seed = first; seed < first + count; seed++)
        {
            var run = new RandomRun(seed);
            try
            {
                run.Trouble(Steps);
                run.Heal();
            }
            catch (Exception failure)
            {
                failures.Add($"seed {seed}: {failure.Message} {failure.StackTrace?.Split('\n')[0].Trim()}");
            }

            committed += run.Committed;
            reads += run.AnsweredReads;
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {count} seeds fail:\n{string.Join('\n', failures.Take(20))}");

        // The trouble must not be so great that nothing ever happens.
        Assert.True(committed > (ulong)count * 20, $"only {committed} entries were committed in {count} runs");
        Assert.True(reads > count, $"only {reads} reads were answered in {count} runs");
    }

    private static int Number(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out int value) ? value : otherwise;
}
