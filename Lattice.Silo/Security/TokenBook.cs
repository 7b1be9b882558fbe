using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Lattice.Silo.Security;

/// <summary>The tokens that the node lets in now. What is changed in their file holds here within a second; a file that cannot be read changes nothing.</summary>
internal sealed partial class TokenBook
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TokenFile file;
    private readonly TimeProvider time;
    private readonly ILogger<TokenBook> logger;
    private volatile Reading known;
    private long nextLook;

    /// <summary>The file at one moment.</summary>
    /// <param name="Stamp">What tells whether it has changed.</param>
    /// <param name="ByHash">Its tokens.</param>
    /// <param name="Seen">Tokens that were shown and are known, by their text: as many as there are tokens, at most.</param>
    private sealed record Reading((DateTime WrittenAt, long Length) Stamp, Dictionary<string, TokenRecord> ByHash, ConcurrentDictionary<string, TokenRecord> Seen);

    /// <summary>Reads the file.</summary>
    /// <exception cref="TokenFileException">It cannot be read.</exception>
    public TokenBook(TokenFile file, TimeProvider time, ILogger<TokenBook> logger)
    {
        (this.file, this.time, this.logger) = (file, time, logger);
        known = Read(StampOf());
        if (known.ByHash.Count == 0)
        {
            LogNoTokens(file.Path);
        }
    }

    /// <summary>What is known of a token; null: nothing. Any thread.</summary>
    public TokenRecord? Find(string token)
    {
        LookAgain();
        Reading now = known;
        if (now.Seen.TryGetValue(token, out TokenRecord? seen))
        {
            return seen;
        }

        if (now.ByHash.TryGetValue(AccessToken.HashOf(token), out TokenRecord? found))
        {
            now.Seen.TryAdd(token, found);
        }

        return found;
    }

    private void LookAgain()
    {
        long now = time.GetTimestamp();
        long due = Interlocked.Read(ref nextLook);
        if (now < due || Interlocked.CompareExchange(ref nextLook, now + (long)(Interval.TotalSeconds * time.TimestampFrequency), due) != due)
        {
            return;
        }

        (DateTime, long) stamp = StampOf();
        if (stamp == known.Stamp)
        {
            return;
        }

        try
        {
            known = Read(stamp);
            LogRead(file.Path, known.ByHash.Count);
        }
        catch (TokenFileException e)
        {
            // Told once for each change.
            known = known with { Stamp = stamp };
            LogNotRead(e.Message);
        }
    }

    private Reading Read((DateTime, long) stamp) => File.Exists(file.Path) || known is null
        ? new Reading(stamp, file.Read().ToDictionary(t => t.Hash, StringComparer.Ordinal), new ConcurrentDictionary<string, TokenRecord>(StringComparer.Ordinal))
        : throw new TokenFileException($"The tokens file {file.Path} is gone. Put it back; to lock a bearer out use 'lattice token revoke NAME'.");

    private (DateTime WrittenAt, long Length) StampOf()
    {
        var info = new FileInfo(file.Path);
        return info.Exists ? (info.LastWriteTimeUtc, info.Length) : default;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The tokens file {Path} holds no token, so no client is let in. 'lattice token create NAME --role admin' makes one; the node need not be restarted")]
    private partial void LogNoTokens(string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "The tokens file {Path} has changed and was read again: {Count} tokens")]
    private partial void LogRead(string path, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The tokens that were known before go on to be let in. {Problem}")]
    private partial void LogNotRead(string problem);
}
