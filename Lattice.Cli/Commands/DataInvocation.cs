using System.CommandLine;
using System.Text;
using System.Text.Json;
using Lattice.Client;

namespace Lattice.Cli.Commands;

/// <summary>One call of a command on data.</summary>
/// <param name="Shell">The process around it.</param>
/// <param name="Parsed">Its command line.</param>
/// <param name="Client">Connected.</param>
/// <param name="Json">Whether JSON is asked for.</param>
/// <param name="KeysAreBase64">Whether keys on the command line are base64.</param>
internal sealed record DataInvocation(Shell Shell, ParseResult Parsed, LatticeClient Client, bool Json, bool KeysAreBase64)
{
    /// <summary>Bytes of a key argument.</summary>
    public byte[] Key(string text)
    {
        try
        {
            return KeysAreBase64 ? Convert.FromBase64String(text) : Encoding.UTF8.GetBytes(text);
        }
        catch (FormatException e)
        {
            throw new CommandFailedException(ExitCodes.Usage, $"'{text}' is not base64, which --key-base64 says it is. Nothing was done.", e);
        }
    }

    /// <summary>Bytes of a value argument; <c>-</c> reads standard input to its end.</summary>
    public async Task<byte[]> ValueAsync(string text, CancellationToken cancellation)
    {
        if (text is not "-")
        {
            return Encoding.UTF8.GetBytes(text);
        }

        using var bytes = new MemoryStream();
        Stream input = Shell.OpenInput();
        await using (input.ConfigureAwait(false))
        {
            await input.CopyToAsync(bytes, cancellation).ConfigureAwait(false);
        }

        return bytes.ToArray();
    }

    /// <summary>Prints one JSON document on one line.</summary>
    public Task PrintAsync(RecordReport report) => Shell.Out.WriteLineAsync(JsonSerializer.Serialize(report, CliJson.Lines.RecordReport));
}
