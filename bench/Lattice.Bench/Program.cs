using System.CommandLine;
using Lattice.Bench;

return await new RootCommand("Measures Lattice, beside its peers and by itself.")
{
    CompareCommand.Create(),
    BackupCommand.Create(),
    ScaleCommand.Create(),
    MemoryCommand.Create(),
    HiddenCommands.Load(),
    HiddenCommands.Silo(),
    HiddenCommands.DotNext(),
}.Parse(args).InvokeAsync().ConfigureAwait(false);
