using System.CommandLine;
using Lattice.Simulation.Breaks;
using Lattice.Simulation.CommandLine;

Option<int> seeds = new("--seeds") { Description = "How many seeds to run.", DefaultValueFactory = _ => 100 };
Option<ulong> start = new("--start") { Description = "First seed.", DefaultValueFactory = _ => 1 };
Option<int> operations = new("--operations") { Description = "Commands and queries that the clients of one seed make.", DefaultValueFactory = _ => 2_000 };
Option<int?> nodes = new("--nodes") { Description = "Nodes of every cluster; drawn from the seed if not given." };
Option<string?> breakRule = new("--break") { Description = "Breaks a rule on purpose, to see it caught: " + string.Join("; ", DeliberateBreak.All.Select(b => $"{b.Name} ({b.What})")) };
Option<bool> corrupt = new("--corrupt") { Description = "Corrupts memory and disks, and looks whether it is noticed." };
Option<bool> trace = new("--trace") { Description = "Writes down what happens, readably. For one seed." };
Option<bool> all = new("--all") { Description = "Goes on after a seed that fails." };
Option<int> parallel = new("--parallel") { Description = "Seeds to run at a time.", DefaultValueFactory = _ => 2 };

RootCommand root = new("Runs simulated clusters, one for each seed, and checks what their clients saw.")
{
    seeds, start, operations, nodes, breakRule, corrupt, trace, all, parallel,
};
root.SetAction(result =>
{
    try
    {
        return new SeedRunner(new SeedRunnerOptions
        {
            Seeds = result.GetValue(seeds),
            Start = result.GetValue(start),
            Operations = result.GetValue(operations),
            Nodes = result.GetValue(nodes),
            Break = result.GetValue(breakRule),
            Corrupts = result.GetValue(corrupt),
            Trace = result.GetValue(trace),
            GoOn = result.GetValue(all),
            Parallel = result.GetValue(parallel),
        }).Run();
    }
    catch (ArgumentException e)
    {
        Console.Error.WriteLine(e.Message);
        return 2;
    }
});
return root.Parse(args).Invoke();
