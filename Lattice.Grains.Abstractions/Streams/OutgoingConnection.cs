using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Lattice.Grains.Streams;

/// <summary>A connection that was made to a port of a node, as what Orleans' connections go through sees it.</summary>
internal static class OutgoingConnection
{
    // What is written is whole frames, most of them in one piece.
    private static readonly StreamPipeWriterOptions WriterOptions = new(minimumBufferSize: 64 << 10);
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 64 << 10, minimumReadSize: 4 << 10);

    /// <summary>Has something go on over a socket, which is closed afterwards.</summary>
    public static async Task RunAsync(Socket socket, EndPoint peer, ConnectionDelegate use)
    {
        var stream = new NetworkStream(socket, ownsSocket: true);
        await using (stream.ConfigureAwait(false))
        {
            await use(new DefaultConnectionContext(Guid.NewGuid().ToString("N"))
            {
                RemoteEndPoint = peer,
                LocalEndPoint = socket.LocalEndPoint,
                Transport = new Pipes(PipeReader.Create(stream, ReaderOptions), PipeWriter.Create(stream, WriterOptions)),
            }).ConfigureAwait(false);
        }
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
