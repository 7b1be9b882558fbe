using System.CommandLine;
using Lattice.AppHost;

#if USE_ASPIRE
const bool usesAspire = true;
#else
const bool usesAspire = false;
#endif

var nodes = new Option<int>("--nodes") { Description = $"Nodes of the cluster, 1 to {ClusterModel.MostNodes}", DefaultValueFactory = _ => 3 };
nodes.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int>() is < 1 or > ClusterModel.MostNodes)
    {
        result.AddError($"--nodes has to be between 1 and {ClusterModel.MostNodes}.");
    }
});
var root = new Option<DirectoryInfo?>("--root") { Description = "Folder for configuration and data; a temporary one by default" };
Option<string> membership = new Option<string>("--membership")
{
    Description = $"Membership database: sqlite, or postgresql at 127.0.0.1:{DatabaseModel.OnLoopback.Port}, which Aspire starts; without Aspire it has to be there",
    DefaultValueFactory = _ => usesAspire ? "postgresql" : "sqlite",
}.AcceptOnlyFromAmong("sqlite", "postgresql");

// What is not known here is Aspire's.
var command = new RootCommand("Runs a Lattice cluster for development on this machine.") { nodes, root, membership };
command.TreatUnmatchedTokensAsErrors = !usesAspire;
command.SetAction(async (parsed, cancellation) =>
{
    DirectoryInfo? given = parsed.GetValue(root);
    DirectoryInfo folder = given ?? Directory.CreateTempSubdirectory("lattice-apphost-");
    var model = ClusterModel.OnLoopback(folder.FullName, parsed.GetValue(nodes), parsed.GetValue(membership) == "postgresql");
    try
    {
#if USE_ASPIRE
        return await AspireRunner.RunAsync(model, [.. parsed.UnmatchedTokens], cancellation).ConfigureAwait(false);
#else
        Console.WriteLine($"{model.Nodes.Count} nodes below {model.Root}; Ctrl-C stops them. In another shell, LATTICE_ROOT={model.Root} has 'lattice' find them.");
        using var runner = new ProcessRunner(model, Console.Out);
        return await runner.RunAsync(cancellation).ConfigureAwait(false);
#endif
    }
    catch (LatticeCallException e)
    {
        await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
        return 1;
    }
    finally
    {
        // Aspire's orchestrator may still be stopping the nodes.
        if (given is null && !usesAspire)
        {
            folder.Delete(recursive: true);
        }
    }
});
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = 2 * ProcessRunner.StopTimeout }).ConfigureAwait(false);
