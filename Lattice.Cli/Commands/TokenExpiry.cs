using System.Globalization;

namespace Lattice.Cli.Commands;

/// <summary>Reads when a token's time is over.</summary>
internal static class TokenExpiry
{
    // A hundred years are for ever.
    private const int MostDays = 36_500;

    /// <summary>The moment; null: the text says none that is to come.</summary>
    public static DateTimeOffset? Parse(string text, DateTimeOffset now)
    {
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
        {
            TimeSpan? time = text[^1] switch
            {
                'd' when count <= MostDays => TimeSpan.FromDays(count),
                'h' when count <= MostDays * 24 => TimeSpan.FromHours(count),
                'm' when count <= MostDays * 24 => TimeSpan.FromMinutes(count),
                's' when count <= MostDays * 24 => TimeSpan.FromSeconds(count),
                _ => null,
            };
            if (time is not null)
            {
                return now + time;
            }
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment) && moment > now ? moment : null;
    }
}
