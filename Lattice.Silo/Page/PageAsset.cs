using System.Reflection;
using System.Security.Cryptography;

namespace Lattice.Silo.Page;

/// <summary>A file of the page, out of the binary.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ContentType">What it is.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="Tag">Tells it from other versions of itself.</param>
internal sealed record PageAsset(string Name, string ContentType, byte[] Content, string Tag)
{
    /// <summary>The file that is the page.</summary>
    public const string Index = "index.html";

    private const string Prefix = "Lattice.Silo.Page.Assets.";

    /// <summary>All files.</summary>
    public static IReadOnlyList<PageAsset> ReadAll()
    {
        Assembly assembly = typeof(PageAsset).Assembly;
        return [.. assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Select(n => Read(assembly, n))];
    }

    private static PageAsset Read(Assembly assembly, string resource)
    {
        using Stream stream = assembly.GetManifestResourceStream(resource)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        string name = resource[Prefix.Length..];
        return new PageAsset(name, TypeOf(name), content, $"\"{Convert.ToHexString(SHA256.HashData(content), 0, 8)}\"");
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"The page has a file '{name}' of an unknown kind '{other}'."),
    };
}
