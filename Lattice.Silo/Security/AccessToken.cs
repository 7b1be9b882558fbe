using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Lattice.Silo.Security;

/// <summary>
/// What a bearer shows to be let in: 256 random bits as text. They cannot be guessed or tried, so a plain hash of them is as good as a slow one, and costs nothing with each call.
/// </summary>
public static class AccessToken
{
    private const string Prefix = "lattice_";
    private const int SecretBytes = 32;

    /// <summary>A new one.</summary>
    public static string Create() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>What is kept of it.</summary>
    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
