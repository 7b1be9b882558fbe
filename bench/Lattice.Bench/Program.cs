using System.CommandLine;
using Lattice.Bench;

return await new RootCommand("Measures Lattice, beside its peers and by itself.")
{
    CompareCommand.Create(),
    BackupCommand.Create(),
    HiddenCommands.Load(),
    HiddenCommands.Silo(),
    HiddenCommands.DotNext(),
}.Parse(args).InvokeAsync().ConfigureAwait(false);
