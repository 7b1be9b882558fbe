using System.Globalization;

namespace Lattice.Silo.Analysis;

/// <summary>
/// The way to a language model's endpoint, the same for all providers: no redirects, so that the key goes nowhere else; no answer longer than one can be; and what the
/// endpoint says about an error is not repeated, since it may quote the key.
/// </summary>
internal sealed class ModelHttpHandler() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
{
    private const int MostBytes = 1 << 20;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            int status = (int)response.StatusCode;
            response.Dispose();
            throw new ModelUnavailableException(string.Create(CultureInfo.InvariantCulture, $"The endpoint answered with HTTP status {status}: {Meaning(status)}."));
        }

        await response.Content.LoadIntoBufferAsync(MostBytes, cancellationToken).ConfigureAwait(false);
        return response;
    }

    private static string Meaning(int status) => status switch
    {
        401 or 403 => "it does not accept the key",
        404 => "it knows no such address or model",
        429 => "it has too many requests, or the account has no credit",
        < 400 => "it points elsewhere, which is not followed",
        < 500 => "it does not accept the request",
        _ => "it failed itself",
    };
}

/// <summary>A language model gave no usable answer. The message is a sentence for the report and holds nothing that the endpoint said.</summary>
internal sealed class ModelUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
