using System.Text.Json;
using System.Text.Json.Serialization;
using Lattice.Core.Verification;
using Lattice.Silo.Configuration;

namespace Lattice.Silo.Hosting;

/// <summary>
/// What is left in the data directory of a node whose divergence somebody cleared while it was stopped, for the cluster's audit and list of incidents: the node brings it there when it
/// runs again. Immutable.
/// </summary>
/// <param name="At">When it was cleared.</param>
/// <param name="Who">By whom.</param>
/// <param name="Id">The report's identity.</param>
/// <param name="FoundAt">When the divergence was found.</param>
/// <param name="Group">The group.</param>
/// <param name="Index">The entry; 0: none.</param>
/// <param name="Check">The check that found it.</param>
/// <param name="Message">What was found.</param>
/// <param name="Class">Class of the cause.</param>
/// <param name="RootCause">The cause in a sentence.</param>
/// <param name="Confidence">How sure that is, from 0 to 1.</param>
/// <param name="Report">Where the report is kept.</param>
public sealed record ClearanceNote(DateTimeOffset At, string Who, string Id, DateTimeOffset FoundAt, uint Group, ulong Index, string Check, string Message, string Class, string RootCause, double Confidence, string Report)
{
    private const string FileName = "divergence-cleared.json";

    /// <summary>Leaves the note; what of the report could be read is in it.</summary>
    /// <param name="settings">The node.</param>
    /// <param name="who">Who clears it.</param>
    /// <param name="now">When.</param>
    /// <param name="report">The report; null: it could not be read.</param>
    public static void Leave(NodeSettings settings, string who, DateTimeOffset now, DivergenceReport? report)
    {
        DivergenceAnalysis? cause = report?.Analysis?.Rules;
        var note = new ClearanceNote(
            now,
            who,
            report?.Id ?? FormattableString.Invariant($"{now:yyyyMMddTHHmmss}-node{settings.Node}-unreadable"),
            report?.When ?? now,
            report?.Group ?? 0,
            report?.Index ?? 0,
            report is null ? "" : Word(report.Detection.Kind.ToString()),
            report?.Detection.Message ?? "The report could not be read.",
            cause is null ? "" : Word(cause.Class.ToString()),
            cause?.RootCause ?? "",
            cause?.Confidence ?? 0,
            Path.Combine(settings.Storage.DataDirectory, DivergentData.FolderName));
        File.WriteAllText(PathOf(settings), JsonSerializer.Serialize(note, ClearanceJson.Default.ClearanceNote));
    }

    /// <summary>Reads it; null: there is none, or it is not readable and says nothing to anybody.</summary>
    internal static ClearanceNote? Read(NodeSettings settings)
    {
        try
        {
            return File.Exists(PathOf(settings)) ? JsonSerializer.Deserialize(File.ReadAllText(PathOf(settings)), ClearanceJson.Default.ClearanceNote) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Takes it away when it was brought where it belongs.</summary>
    internal static void Remove(NodeSettings settings) => File.Delete(PathOf(settings));

    /// <summary>A name as reports write it.</summary>
    internal static string Word(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    private static string PathOf(NodeSettings settings) => Path.Combine(settings.Storage.DataDirectory, FileName);
}

/// <summary>Serializers generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ClearanceNote))]
internal sealed partial class ClearanceJson : JsonSerializerContext;
