using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;

namespace Lattice.Grains.Access;

/// <summary>Has a connection encrypted, and both ends show who they are. What is spoken over it does not notice.</summary>
/// <param name="files">What to show, and whom to accept.</param>
internal sealed class TlsHandshake(TlsFiles files)
{
    /// <summary>How every conversation in TLS begins.</summary>
    private const byte FirstOfTls = 0x16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A record of TLS has up to 16 KiB.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 32 << 10, minimumReadSize: 4 << 10, leaveOpen: true);
    private static readonly StreamPipeWriterOptions WriterOptions = new(leaveOpen: true);

    /// <summary>The end that was connected to.</summary>
    /// <param name="context">The connection.</param>
    /// <param name="next">What goes on over it, if the other end is let in.</param>
    /// <param name="peer">Who may be there.</param>
    /// <param name="refuse">Told why somebody was not let in.</param>
    public async Task AcceptAsync(ConnectionContext context, ConnectionDelegate next, TlsPeer peer, Action<string> refuse)
    {
        var inner = new TransportStream(context.Transport);
        string? problem = null;
        TlsMaterial material = files.Current;
        var stream = new NotingStream(inner);
        await using (stream.ConfigureAwait(false))
        {
            var options = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = material.Own,
                ClientCertificateRequired = peer != TlsPeer.Anybody,
                CertificateChainPolicy = material.Policy(),
                EnabledSslProtocols = SslProtocols.None,
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    peer == TlsPeer.Anybody || (problem = PeerCertificate.ProblemOf(certificate, chain, errors, peer == TlsPeer.Node)) is null,
            };
            try
            {
                await WithinPatienceAsync(cancellation => stream.AuthenticateAsServerAsync(options, cancellation)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // Who connects and says nothing only looks whether anybody listens.
                if (inner.FirstByte is { } first)
                {
                    refuse(problem ?? (first == FirstOfTls ? $"the TLS handshake failed ({Innermost(e)})" : "it does not speak TLS, which this port asks for"));
                }

                return;
            }

            await GoOnAsync(context, next, stream).ConfigureAwait(false);
        }
    }

    /// <summary>The end that connects.</summary>
    /// <param name="context">The connection.</param>
    /// <param name="next">What goes on over it.</param>
    /// <param name="tellsOfSilence">Whether to tell, too, that the other end ended the connection without a word, after it had seen this one's certificate.</param>
    /// <param name="failed">Told why the connection could not be used.</param>
    /// <exception cref="AuthenticationException">The other end is not a node of this cluster, or did not let this one in.</exception>
    public async Task ConnectAsync(ConnectionContext context, ConnectionDelegate next, bool tellsOfSilence, Action<string> failed)
    {
        var inner = new TransportStream(context.Transport);
        string? problem = null;
        TlsMaterial material = files.Current;
        var stream = new NotingStream(inner);
        await using (stream.ConfigureAwait(false))
        {
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = "",
                ClientCertificateContext = material.Own,
                CertificateChainPolicy = material.Policy(),
                EnabledSslProtocols = SslProtocols.None,
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) => (problem = PeerCertificate.ProblemOf(certificate, chain, errors, mustBeNode: true)) is null,
            };
            try
            {
                await WithinPatienceAsync(cancellation => stream.AuthenticateAsClientAsync(options, cancellation)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                string why = problem ?? (inner.FirstByte is null or FirstOfTls ? $"the TLS handshake failed ({Innermost(e)})" : "it does not speak TLS");
                failed(why);
                throw new AuthenticationException($"The connection to {context.RemoteEndPoint} cannot be used: {why}.", e);
            }

            try
            {
                await GoOnAsync(context, next, stream).ConfigureAwait(false);
            }
            finally
            {
                // With TLS 1.3 whoever connects hears only afterwards that its certificate was not accepted.
                if (tellsOfSilence && !stream.HasReceived)
                {
                    failed("it ended the connection after the TLS handshake, which is what it does when it does not accept this certificate");
                }
            }
        }
    }

    private static async Task WithinPatienceAsync(Func<CancellationToken, Task> handshake)
    {
        using var patience = new CancellationTokenSource(Patience);
        await handshake(patience.Token).ConfigureAwait(false);
    }

    private static async Task GoOnAsync(ConnectionContext context, ConnectionDelegate next, SslStream stream)
    {
        IDuplexPipe transport = context.Transport;
        context.Transport = new Pipes(PipeReader.Create(stream, ReaderOptions), PipeWriter.Create(stream, WriterOptions));
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            // Whoever used it has completed the encrypted pipes; that the connection is over those below have to learn here.
            context.Transport = transport;
            await transport.Input.CompleteAsync().ConfigureAwait(false);
            await transport.Output.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static string Innermost(Exception failure)
    {
        while (failure.InnerException is { } inner)
        {
            failure = inner;
        }

        return failure is OperationCanceledException ? "it was not finished in time" : failure.Message.TrimEnd('.');
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Remembers whether anything was received.</summary>
    private sealed class NotingStream(Stream inner) : SslStream(inner, leaveInnerStreamOpen: true)
    {
        public bool HasReceived { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            HasReceived |= read > 0;
            return read;
        }
    }
}

/// <summary>Who may be at the other end.</summary>
internal enum TlsPeer
{
    /// <summary>Anybody, without a certificate of its own.</summary>
    Anybody,

    /// <summary>Whoever has a certificate.</summary>
    Client,

    /// <summary>A node of the cluster.</summary>
    Node,
}
