using Lattice.Simulation.History;
using Lattice.Simulation.Runtime;
using Xunit;
using static Lattice.Simulation.History.RegisterOperation;

namespace Lattice.Simulation.Tests;

public sealed class RegisterCheckerTests
{
    [Fact]
    public void An_empty_history_is_linearizable() => Accepts();

    [Fact]
    public void A_read_may_see_the_old_or_the_new_value_while_a_write_is_under_way()
    {
        Accepts(Put("p1", 0, 1, "a"), Put("p2", 10, 20, "b"), Get("g", 12, 14, "a"));
        Accepts(Put("p1", 0, 1, "a"), Put("p2", 10, 20, "b"), Get("g", 12, 14, "b"));
    }

    [Fact]
    public void A_read_that_begins_after_a_write_must_see_it()
    {
        Accepts(Put("p1", 0, 1, "a"), Get("g", 2, 3, "a"));
        Rejects(Put("p1", 0, 1, "a"), Get("g", 2, 3, Absent));
        Rejects(Put("p1", 0, 1, "a"), Put("p2", 2, 3, "b"), Get("g", 4, 5, "a"));
    }

    [Fact]
    public void Once_a_value_was_seen_no_later_read_sees_an_older_one()
    {
        // The write is still under way, so each read for itself would be right.
        Rejects(Put("p1", 0, 1, "a"), Put("p2", 10, 100, "b"), Get("g1", 20, 30, "b"), Get("g2", 40, 50, "a"));
        Accepts(Put("p1", 0, 1, "a"), Put("p2", 10, 100, "b"), Get("g1", 20, 45, "b"), Get("g2", 40, 50, "a"));
    }

    [Fact]
    public void A_lost_write_is_noticed() =>
        Rejects(Put("p1", 0, 1, "a"), Put("p2", 2, 3, "b"), Swap("s", 4, 5, "a", "c"));

    [Fact]
    public void Of_two_concurrent_swaps_of_one_value_only_one_may_succeed()
    {
        Rejects(Put("p", 0, 1, "a"), Swap("s1", 2, 10, "a", "b"), Swap("s2", 3, 10, "a", "c"));
        Accepts(Put("p", 0, 1, "a"), Swap("s1", 2, 10, "a", "b"), Swap("s2", 3, 10, "b", "c"));
    }

    [Fact]
    public void A_value_that_nobody_wrote_is_noticed() => Rejects(Get("g", 0, 1, "x"));

    [Fact]
    public void A_value_cannot_be_seen_before_it_is_written() => Rejects(Get("g", 0, 1, "x"), Put("p", 2, 3, "x"));

    [Fact]
    public void A_write_of_unknown_outcome_may_take_effect_late_or_never()
    {
        Accepts(Put("p1", 0, 1, "a"), Put("p2", 2, Never, "b"), Get("g1", 10, 11, "a"), Get("g2", 12, 13, "b"));
        Accepts(Put("p1", 0, 1, "a"), Put("p2", 2, Never, "b"), Get("g1", 10, 11, "a"), Get("g2", 12, 13, "a"));
    }

    [Fact]
    public void A_write_of_unknown_outcome_takes_effect_only_once() =>
        Rejects(
            Put("p1", 0, 1, "a"),
            Put("p2", 2, Never, "b"),
            Get("g1", 10, 11, "b"),
            Put("p3", 12, 13, "c"),
            Get("g2", 14, 15, "b"));

    [Fact]
    public void A_delete_of_unknown_outcome_explains_one_disappearance_and_no_more()
    {
        Accepts(Put("p1", 0, 1, "a"), Delete("d", 2, Never), Get("g", 5, 6, Absent));
        Rejects(
            Put("p1", 0, 1, "a"),
            Delete("d", 2, Never),
            Get("g1", 5, 6, Absent),
            Put("p2", 7, 8, "b"),
            Get("g2", 9, 10, Absent));
    }

    [Fact]
    public void An_unknown_swap_may_be_what_another_unknown_swap_stood_on() =>
        Accepts(
            Put("p", 0, 1, "a"),
            Swap("s1", 2, Never, "a", "b"),
            Swap("s2", 3, Never, "b", "c"),
            Get("g", 10, 11, "c"));

    [Fact]
    public void A_record_may_expire_but_does_not_come_back()
    {
        RegisterOperation expiry = Put("e", 5, Never, Absent) with { Requires = "a" };
        Accepts(Put("p", 0, 1, "a"), expiry, Get("g1", 6, 7, "a"), Get("g2", 8, 9, Absent));
        Rejects(Put("p", 0, 1, "a"), expiry, Get("g1", 6, 7, Absent), Get("g2", 8, 9, "a"));
        Rejects(Put("p", 0, 1, "a"), expiry, Get("g1", 2, 3, Absent));
        Rejects(Put("p", 0, 1, "a"), expiry, Put("p2", 6, 7, "b"), Get("g1", 8, 9, Absent));
    }

    [Fact]
    public void A_write_of_unknown_outcome_may_come_and_expire_unseen() =>
        Accepts(
            Put("p", 0, 1, "a"),
            Put("u", 2, Never, "b"),
            Put("e", 3, Never, Absent) with { Requires = "b" },
            Get("g", 5, 6, Absent));

    [Fact]
    public void What_an_unknown_swap_found_present_may_be_what_an_unknown_write_left() =>
        Accepts(
            Put("u", 0, Never, "a"),
            Swap("s", 1, Never, Present, "b"),
            Get("g", 5, 6, "b"));

    [Fact]
    public void The_order_that_explains_is_found_among_many_concurrent_operations()
    {
        List<RegisterOperation> history = [Put("p0", 0, 1, "v0")];
        for (int i = 1; i <= 20; i++)
        {
            // Twenty swaps that can only have happened in one order, all called at once, in reverse.
            history.Add(Swap($"s{i}", 100 - i, 1000, $"v{i - 1}", $"v{i}"));
        }

        history.Add(Get("g", 2000, 2001, "v20"));
        Accepts([.. history]);
        history[^1] = Get("g", 2000, 2001, "v19");
        Rejects([.. history]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Histories_of_a_real_register_are_accepted_and_any_stale_read_in_them_is_rejected(int seed)
    {
        SeededRandom random = new((ulong)seed);
        List<RegisterOperation> history = [];
        string held = Absent;
        string heldBefore = Absent;
        for (int i = 0; i < 5_000; i++)
        {
            // Effects at 100 i; calls overlap with some neighbours.
            long at = 100L * i;
            long invoked = at - random.Between(0, 300);
            long returned = at + random.Between(1, 300);
            string value = $"v{i}";
            switch (random.Next(5))
            {
                case 0:
                    history.Add(Put(value, invoked, random.Chance(0.05) ? Never : returned, value));
                    (heldBefore, held) = (held, value);
                    break;
                case 1:
                    history.Add(Delete(value, invoked, returned));
                    (heldBefore, held) = (held, Absent);
                    break;
                case 2:
                    history.Add(Swap(value, invoked, returned, held, value));
                    (heldBefore, held) = (held, value);
                    break;
                case 3 when random.Chance(0.1):
                    history.Add(Put(value, invoked, Never, value));
                    break;
                default:
                    history.Add(Get(value, invoked, returned, held));
                    break;
            }
        }

        Accepts([.. history]);
        history.Add(Put("last", 1_000_000, 1_000_001, "last"));
        history.Add(Get("stale", 1_000_010, 1_000_011, string.Equals(held, Absent, StringComparison.Ordinal) ? heldBefore : held));
        Rejects([.. history]);
    }

    private static void Accepts(params RegisterOperation[] history) => Assert.Null(RegisterChecker.Explain(history));

    private static void Rejects(params RegisterOperation[] history) => Assert.NotNull(RegisterChecker.Explain(history));
}
