using System.CommandLine;
using System.Reflection;
using Lattice.AppHost;

var nodes = new Option<int>("--nodes") { Description = "Nodes of the cluster, 1 to 9", DefaultValueFactory = _ => 3 };
nodes.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int>() is < 1 or > 9)
    {
        result.AddError("--nodes has to be between 1 and 9.");
    }
});
var root = new Option<DirectoryInfo?>("--root") { Description = "Folder for configuration and data; a temporary one by default" };
var command = new RootCommand("Runs a Lattice cluster for development on this machine.") { nodes, root };
command.SetAction((parsed, cancellation) =>
{
    string folder = parsed.GetValue(root)?.FullName ?? Directory.CreateTempSubdirectory("lattice-apphost-").FullName;
    string configuration = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
    string lattice = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../..", "Lattice.Cli/bin", configuration, "net10.0/lattice.dll"));
    var model = ClusterModel.OnLoopback(parsed.GetValue(nodes), folder);
    Console.WriteLine($"{model.Nodes.Count} nodes below {model.Root}; Ctrl-C stops them.");
    return new ProcessRunner(model, lattice, Console.Out).RunAsync(cancellation);
});
return await command.Parse(args).InvokeAsync().ConfigureAwait(false);
