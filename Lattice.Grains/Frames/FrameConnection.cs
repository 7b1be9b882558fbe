using System.IO.Pipelines;
using System.Net.Sockets;
using Lattice.Grains.Streams;

namespace Lattice.Grains.Frames;

/// <summary>One connection over which frames go to a peer. Used by one sender at a time.</summary>
internal sealed class FrameConnection(Socket socket, PipeWriter output)
{
    private volatile bool isOpen = true;

    /// <summary>Whether frames may still be handed over.</summary>
    public bool IsOpen => isOpen;

    /// <summary>Hands a frame to the system, on the thread that calls unless the peer reads too slowly.</summary>
    /// <exception cref="IOException">The connection is over; whether the frame arrived is not known.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame)
    {
        try
        {
            FrameStream.Write(output, frame.Span);
            FlushResult flushed = await output.FlushAsync().ConfigureAwait(false);
            if (flushed.IsCompleted || flushed.IsCanceled)
            {
                throw new IOException("The connection has ended.");
            }
        }
        catch
        {
            Abort();
            throw;
        }
    }

    /// <summary>Ends it, with whatever is on its way.</summary>
    public void Abort()
    {
        isOpen = false;
        socket.Dispose();
    }
}
