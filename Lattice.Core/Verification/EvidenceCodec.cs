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

    /// <summary>A question as bytes.</summary>
    public static byte[] Encode(TestimonyQuestion question) => JsonSerializer.SerializeToUtf8Bytes(question, EvidenceJson.Default.TestimonyQuestion);

    /// <summary>An answer as bytes.</summary>
    public static byte[] Encode(Testimony testimony) => JsonSerializer.SerializeToUtf8Bytes(testimony, EvidenceJson.Default.Testimony);

    /// <summary>Reads a question about a divergence.</summary>
    /// <exception cref="JsonException">The bytes are not one.</exception>
    public static TestimonyQuestion DecodeTestimonyQuestion(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize(bytes.Span, EvidenceJson.Default.TestimonyQuestion) ?? throw new JsonException("A question is missing.");

    /// <summary>Reads what a node says about a divergence.</summary>
    /// <exception cref="JsonException">The bytes are not that.</exception>
    public static Testimony DecodeTestimony(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize(bytes.Span, EvidenceJson.Default.Testimony) ?? throw new JsonException("An answer is missing.");

    /// <summary>Reads a question.</summary>
    /// <exception cref="JsonException">The bytes are not one.</exception>
    public static BucketQuestion DecodeQuestion(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize(bytes.Span, EvidenceJson.Default.BucketQuestion) ?? throw new JsonException("A question is missing.");

    /// <summary>Reads an answer.</summary>
    /// <exception cref="JsonException">The bytes are not one.</exception>
    public static BucketAnswer DecodeAnswer(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize(bytes.Span, EvidenceJson.Default.BucketAnswer) ?? throw new JsonException("An answer is missing.");

    [JsonSerializable(typeof(BucketQuestion))]
    [JsonSerializable(typeof(BucketAnswer))]
    [JsonSerializable(typeof(TestimonyQuestion))]
    [JsonSerializable(typeof(Testimony))]
    private sealed partial class EvidenceJson : JsonSerializerContext;
}
