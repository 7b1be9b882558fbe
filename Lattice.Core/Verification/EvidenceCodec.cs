using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lattice.Core.Verification;

/// <summary>What nodes ask and tell each other about a replica that was found to be wrong, as bytes. Rare and small, so readable: JSON.</summary>
public static partial class EvidenceCodec
{
    /// <summary>A question as bytes.</summary>
    public static byte[] Encode(BucketQuestion question) => JsonSerializer.SerializeToUtf8Bytes(question, EvidenceJson.Default.BucketQuestion);

    /// <summary>An answer as bytes.</summary>
    public static byte[] Encode(BucketAnswer answer) => JsonSerializer.SerializeToUtf8Bytes(answer, EvidenceJson.Default.BucketAnswer);

    /// <summary>Reads a question.</summary>
    /// <exception cref="JsonException">The bytes are not one.</exception>
    public static BucketQuestion DecodeQuestion(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize(bytes.Span, EvidenceJson.Default.BucketQuestion) ?? throw new JsonException("A question is missing.");

    /// <summary>Reads an answer.</summary>
    /// <exception cref="JsonException">The bytes are not one.</exception>
    public static BucketAnswer DecodeAnswer(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize(bytes.Span, EvidenceJson.Default.BucketAnswer) ?? throw new JsonException("An answer is missing.");

    [JsonSerializable(typeof(BucketQuestion))]
    [JsonSerializable(typeof(BucketAnswer))]
    private sealed partial class EvidenceJson : JsonSerializerContext;
}
