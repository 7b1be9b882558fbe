using Lattice.Core.Consensus;
using Lattice.Core.State;

namespace Lattice.MicroBench;

/// <summary>Entries as a leader makes them of the writes of many clients: each with a batch of puts of 256 bytes below random ones of 100,000 keys.</summary>
internal sealed class WriteLoad
{
    /// <summary>Keys written to.</summary>
    public const int Keys = 100_000;

    private const int ValueBytes = 256;
    private readonly Random random = new(1);
    private readonly byte[] value = new byte[ValueBytes];
    private ulong last;

    public WriteLoad() => random.NextBytes(value);

    /// <summary>The entry after the last one.</summary>
    /// <param name="commands">Writes in it.</param>
    public Entry Next(int commands) => Next(commands, _ => random.Next(Keys));

    /// <summary>Entries that write every key once.</summary>
    public IEnumerable<Entry> All()
    {
        const int commands = 100;
        for (int first = 0; first < Keys; first += commands)
        {
            int from = first;
            yield return Next(commands, i => from + i);
        }
    }

    private Entry Next(int commands, Func<int, int> keyOf)
    {
        var batch = new WriteBatchBuilder();
        for (int i = 0; i < commands; i++)
        {
            batch.Command().Put(KeyOf(keyOf(i)), value);
        }

        last++;
        return new Entry(last, 1, EntryKind.Command, EntryPayload.Encode(1_000_000 + last, [batch.Build()]));
    }

    private static byte[] KeyOf(int number) => System.Text.Encoding.ASCII.GetBytes($"benchmark/{number:D8}");
}
