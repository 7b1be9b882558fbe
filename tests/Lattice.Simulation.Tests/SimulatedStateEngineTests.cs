using System.Text;
using Lattice.Core.State;
using Lattice.Simulation.Runtime;
using Lattice.Simulation.State;
using Xunit;

namespace Lattice.Simulation.Tests;

public sealed class SimulatedStateEngineTests
{
    [Fact]
    public void It_behaves_as_a_sorted_map_does()
    {
        SeededRandom random = new(5);
        SimulatedStateStore store = NewStore(5);
        using SimulatedStateEngine engine = store.Open();
        SortedDictionary<string, string> model = new(StringComparer.Ordinal);
        for (int i = 0; i < 3_000; i++)
        {
            using StateBatch batch = engine.CreateBatch();
            string key = Key(random.Next(300));
            switch (random.Next(10))
            {
                case 0:
                    string to = Key(random.Next(300));
                    batch.DeleteRange(Bytes(key), Bytes(to));
                    foreach (string gone in model.Keys.Where(k => string.CompareOrdinal(k, key) >= 0 && string.CompareOrdinal(k, to) < 0).ToList())
                    {
                        model.Remove(gone);
                    }

                    break;
                case 1 or 2:
                    batch.Delete(Bytes(key));
                    model.Remove(key);
                    break;
                default:
                    batch.Put(Bytes(key), Bytes("v" + i));
                    model[key] = "v" + i;
                    break;
            }

            engine.Write(batch);
            string from = Key(random.Next(300));
            string end = Key(random.Next(300));
            if (i % 50 == 0)
            {
                Assert.Equal<IEnumerable<string>>(
                    model.Where(m => string.CompareOrdinal(m.Key, from) >= 0 && string.CompareOrdinal(m.Key, end) < 0).Select(m => $"{m.Key}={m.Value}"),
                    Rows(engine, from, end));
            }
        }
    }

    [Fact]
    public void A_crash_leaves_a_prefix_of_the_batches_and_all_that_were_flushed()
    {
        HashSet<int> kept = [];
        for (ulong seed = 0; seed < 200; seed++)
        {
            SimulatedStateStore store = NewStore(seed);
            SimulatedStateEngine engine = store.Open();
            for (int i = 0; i < 10; i++)
            {
                using StateBatch batch = engine.CreateBatch();
                batch.Put(Bytes(Key(i)), Bytes("x"));
                engine.Write(batch);
                if (i == 4)
                {
                    engine.Flush();
                }
            }

            store.Crash();
            Assert.Throws<SimulationFailure>(engine.Flush);
            List<string> rows = Rows(store.Open(), "", "~");
            Assert.Equal<IEnumerable<string>>(Enumerable.Range(0, rows.Count).Select(i => Key(i) + "=x"), rows);
            kept.Add(rows.Count);
        }

        Assert.Equal([5, 6, 7, 8, 9, 10], kept.Order());
    }

    [Fact]
    public void A_snapshot_does_not_change()
    {
        using SimulatedStateEngine engine = NewStore(1).Open();
        Put(engine, "a", "1");
        using IStateSnapshot snapshot = engine.Snapshot();
        Put(engine, "a", "2");
        Assert.Equal("1"u8.ToArray(), snapshot.Get("a"u8));
        Assert.Equal("2"u8.ToArray(), engine.Get("a"u8));
    }

    private static void Put(SimulatedStateEngine engine, string key, string value)
    {
        using StateBatch batch = engine.CreateBatch();
        batch.Put(Bytes(key), Bytes(value));
        engine.Write(batch);
    }

    private static SimulatedStateStore NewStore(ulong seed) => new(new SeededRandom(seed), new PowerSwitch(), new Coverage());

    private static List<string> Rows(SimulatedStateEngine reader, string from, string to)
    {
        List<string> rows = [];
        using IStateCursor cursor = reader.Cursor(Bytes(from), Bytes(to));
        while (cursor.Next())
        {
            rows.Add($"{Encoding.UTF8.GetString(cursor.Key)}={Encoding.UTF8.GetString(cursor.Value)}");
        }

        return rows;
    }

    private static string Key(int i) => i.ToString("D3", System.Globalization.CultureInfo.InvariantCulture);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
