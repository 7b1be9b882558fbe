using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lattice.Cli.Backup;
using Lattice.Cli.Benchmark;
using Lattice.Cli.Commands;
using Lattice.Cli.Commands.Admin;
using Lattice.Cli.Dev;
using Lattice.Cli.Operations;
using Lattice.Silo.Status;

namespace Lattice.Cli;

/// <summary>Serializers generated at build time: start-up needs no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DevRuntime))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(RecordReport))]
[JsonSerializable(typeof(BenchmarkReport))]
[JsonSerializable(typeof(TraceReport))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(OperationOutput))]
[JsonSerializable(typeof(OperationsOutput))]
[JsonSerializable(typeof(AuditOutput))]
[JsonSerializable(typeof(IncidentsReport))]
[JsonSerializable(typeof(BackupManifest))]
[JsonSerializable(typeof(BackupReport))]
[JsonSerializable(typeof(RestoreReport))]
[JsonSerializable(typeof(TokensOutput))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>For standard output: one document on one line.</summary>
    public static CliJson Lines { get; } = new(ForOutput(indented: false));

    /// <summary>For standard output: indented.</summary>
    public static CliJson Indented { get; } = new(ForOutput(indented: true));

    // Text in keys and values stays readable: the output goes to a terminal or a parser, not into a web page.
    private static JsonSerializerOptions ForOutput(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = indented,
    };
}
