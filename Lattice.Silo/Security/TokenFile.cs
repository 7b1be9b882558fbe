using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Lattice.Grains.Access;

namespace Lattice.Silo.Security;

/// <summary>
/// The file with the tokens that a node lets in, hashed. It is replaced at once, never written in place, so a node never reads half of it. Nodes on several hosts have a copy each.
/// </summary>
public sealed partial class TokenFile(string path)
{
    private const int Version = 1;
    private const int MaxTokens = 10_000;

    // There is nothing in it that would help anybody in; the user that runs the node has to read what root has made.
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private sealed record Content(int Version, IReadOnlyList<TokenRecord> Tokens);

    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>All tokens, in the order in which they were made; none when there is no file.</summary>
    /// <exception cref="TokenFileException">It cannot be read.</exception>
    public IReadOnlyList<TokenRecord> Read()
    {
        try
        {
            Content? content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(Path), Options);
            return content is { Version: Version, Tokens: { } tokens } && tokens.All(t => t is { Name.Length: > 0, Hash.Length: > 0 } && Enum.IsDefined(t.Role))
                ? tokens
                : throw new TokenFileException($"The tokens file {Path} is none that this version of Lattice knows. Put a backup of it back, or remove it and make the tokens anew with 'lattice token create'.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (JsonException e)
        {
            throw new TokenFileException($"The tokens file {Path} is damaged ({e.Message}). Put a backup of it back, or remove it and make the tokens anew with 'lattice token create'.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenFileException($"The tokens file {Path} cannot be read by this user. Give the user that runs the node the right to read it.", e);
        }
    }

    /// <summary>Adds a token.</summary>
    /// <returns>The token itself, which nobody can learn from the file any more.</returns>
    /// <exception cref="TokenFileException">There is one of that name, or the file cannot be changed.</exception>
    public string Create(string name, LatticeRole role, DateTimeOffset? expires, DateTimeOffset now)
    {
        if (!NameForm().IsMatch(name))
        {
            throw new TokenFileException($"'{name}' is not a name for a token; allowed are 1 to 64 letters, digits, '-', '_' and '.'. Nothing was changed.");
        }

        string token = AccessToken.Create();
        Change(tokens =>
        {
            if (tokens.FirstOrDefault(t => t.Name == name) is { } present && present.RefusalAt(now) is null)
            {
                throw new TokenFileException($"There is a token '{name}' already. Choose another name, or revoke it first with 'lattice token revoke {name}'. Nothing was changed.");
            }

            if (tokens.Count >= MaxTokens)
            {
                throw new TokenFileException($"The tokens file {Path} holds {MaxTokens} tokens, which is the most. Take revoked ones out of it. Nothing was changed.");
            }

            return [.. tokens.Where(t => t.Name != name), new TokenRecord(name, role, AccessToken.HashOf(token), now, expires, null)];
        });
        return token;
    }

    /// <summary>Has a token let nobody in any more.</summary>
    /// <returns>Whether it did until now.</returns>
    /// <exception cref="TokenFileException">There is none of that name, or the file cannot be changed.</exception>
    public bool Revoke(string name, DateTimeOffset now)
    {
        bool was = false;
        Change(tokens =>
        {
            TokenRecord present = tokens.FirstOrDefault(t => t.Name == name)
                ?? throw new TokenFileException($"There is no token '{name}' in {Path}; 'lattice token list' shows those that there are. Nothing was changed.");
            was = present.RevokedAt is null;
            return was ? [.. tokens.Select(t => t == present ? t with { RevokedAt = now } : t)] : tokens;
        });
        return was;
    }

    private void Change(Func<IReadOnlyList<TokenRecord>, IReadOnlyList<TokenRecord>> change)
    {
        string next = Path + ".new";
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);

            // Also what keeps two commands from changing it at the same time.
            using (var stream = new FileStream(next, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None))
            {
                stream.SetLength(0);
                JsonSerializer.Serialize(stream, new Content(Version, change(Read())), Options);
                stream.Flush(flushToDisk: true);
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(next, ReadableByAll);
                }

                File.Move(next, Path, overwrite: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenFileException($"The tokens file {Path} cannot be changed: {e.Message.TrimEnd('.')}. Run the command as the user that owns it, one at a time. Nothing was changed.", e);
        }
        catch
        {
            File.Delete(next);
            throw;
        }
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$", RegexOptions.None, 1000)]
    private static partial Regex NameForm();
}

/// <summary>A tokens file cannot be used. The message says why, and what to do.</summary>
public sealed class TokenFileException(string message, Exception? inner = null) : Exception(message, inner);
