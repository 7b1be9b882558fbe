using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace Lattice.Silo.Security;

/// <summary>
/// What the nodes of a cluster know and nobody else: each shows the other that it knows it, without saying it, before a word of Orleans is spoken between them. Both contribute
/// random bytes, so that nothing that was overheard can be used again. It does not encrypt: whoever can change what passes between two nodes needs TLS against him.
/// </summary>
/// <remarks>Who connects sends a mark and 32 random bytes A; the other answers with 32 random bytes B and HMAC(secret, "accept" A B); who connected ends with HMAC(secret, "connect" A B).</remarks>
internal sealed class ClusterSecret
{
    private const int NonceBytes = 32;
    private const int ProofBytes = 32;
    private const int FewestBytes = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly byte[] secret;

    private ClusterSecret(byte[] secret) => this.secret = secret;

    private static ReadOnlySpan<byte> Mark => "LATTICE1"u8;

    /// <summary>Reads it.</summary>
    /// <exception cref="ClusterSecretException">The file cannot be used.</exception>
    public static ClusterSecret Read(string path)
    {
        try
        {
            byte[] read = Encoding.UTF8.GetBytes(File.ReadAllText(path).Trim());
            return read.Length >= FewestBytes
                ? new ClusterSecret(read)
                : throw new ClusterSecretException($"The secret in {path} (security.cluster_secret_file) is shorter than {FewestBytes} bytes, so it could be guessed. Make one with 'openssl rand -hex 32 > {path}' and copy it to all nodes.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string why = e is FileNotFoundException or DirectoryNotFoundException ? "is not there" : "cannot be read by this user";
            throw new ClusterSecretException($"The file {path} (security.cluster_secret_file) {why}. Make it on one node with 'openssl rand -hex 32 > {path}', copy it to the others, and let only the user that runs the node read it.", e);
        }
    }

    /// <summary>The end that was connected to.</summary>
    /// <returns>What is wrong with the other end; null: it knows the secret. Empty: it said nothing.</returns>
    public async Task<string?> AcceptAsync(ConnectionContext context)
    {
        using var patience = new CancellationTokenSource(Patience);
        byte[] greeting = new byte[Mark.Length + NonceBytes];
        int said = await ReadAsync(context.Transport.Input, greeting, patience.Token).ConfigureAwait(false);
        if (said == 0)
        {
            return "";
        }

        if (said < greeting.Length || !greeting.AsSpan(0, Mark.Length).SequenceEqual(Mark))
        {
            return "it does not begin as a node of this cluster does";
        }

        byte[] first = greeting[Mark.Length..];
        byte[] second = RandomNumberGenerator.GetBytes(NonceBytes);
        await context.Transport.Output.WriteAsync(second.Concat(Proof("accept", first, second)).ToArray(), patience.Token).ConfigureAwait(false);
        byte[] proof = new byte[ProofBytes];
        return await ReadAsync(context.Transport.Input, proof, patience.Token).ConfigureAwait(false) == ProofBytes && CryptographicOperations.FixedTimeEquals(proof, Proof("connect", first, second))
            ? null
            : "it does not know the cluster's secret";
    }

    /// <summary>The end that connects.</summary>
    /// <returns>What is wrong with the other end; null: it knows the secret.</returns>
    public async Task<string?> ConnectAsync(ConnectionContext context)
    {
        using var patience = new CancellationTokenSource(Patience);
        byte[] first = RandomNumberGenerator.GetBytes(NonceBytes);
        await context.Transport.Output.WriteAsync(Mark.ToArray().Concat(first).ToArray(), patience.Token).ConfigureAwait(false);
        byte[] answer = new byte[NonceBytes + ProofBytes];
        if (await ReadAsync(context.Transport.Input, answer, patience.Token).ConfigureAwait(false) < answer.Length)
        {
            return "it did not show that it knows the cluster's secret";
        }

        byte[] second = answer[..NonceBytes];
        if (!CryptographicOperations.FixedTimeEquals(answer.AsSpan(NonceBytes), Proof("accept", first, second)))
        {
            return "it does not know the cluster's secret";
        }

        await context.Transport.Output.WriteAsync(Proof("connect", first, second), patience.Token).ConfigureAwait(false);
        return null;
    }

    private byte[] Proof(string end, byte[] first, byte[] second) => HMACSHA256.HashData(secret, (byte[])[.. Encoding.ASCII.GetBytes(end), .. first, .. second]);

    /// <summary>Reads exactly so many bytes, or as many as come before the end or before patience is over; takes no more than those.</summary>
    private static async Task<int> ReadAsync(PipeReader input, byte[] into, CancellationToken patience)
    {
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync(patience).ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = read.Buffer;
                if (buffer.Length >= into.Length || read.IsCompleted || read.IsCanceled)
                {
                    ReadOnlySequence<byte> taken = buffer.Slice(0, Math.Min(buffer.Length, into.Length));
                    taken.CopyTo(into);
                    int length = (int)taken.Length;
                    input.AdvanceTo(taken.End);
                    return length;
                }

                input.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        catch (OperationCanceledException)
        {
            // It did not say all of it in time; whatever it said is not enough. A connection that was silent all the time only looked whether anybody listens.
            return input.TryRead(out ReadResult rest) ? AbandonedAfter(input, rest) : 0;
        }
    }

    private static int AbandonedAfter(PipeReader input, ReadResult rest)
    {
        int length = (int)Math.Min(1, rest.Buffer.Length);
        input.AdvanceTo(rest.Buffer.Start);
        return length;
    }
}

/// <summary>The cluster's secret cannot be used. The message says why, and what to do.</summary>
internal sealed class ClusterSecretException(string message, Exception? inner = null) : Exception(message, inner);
