using System.Threading.Channels;
using Lattice.Core.Disk;
using Lattice.Core.Replication;

namespace Lattice.Grains;

/// <summary>A backup under way: a thread of its own makes the parts, a few ahead of their reader and with what processor time nobody else wants.</summary>
internal sealed class BackupStream : IAsyncDisposable
{
    /// <summary>How long a reader may be silent.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A piece is no large object for .NET.
    private const int PieceSize = 64 << 10;
    private const int PiecesOfPart = 16;
    private const int PartsAhead = 4;

    private readonly NodeSnapshot snapshot;
    private readonly Action<Exception> fatal;
    private readonly Channel<BackupPart> parts = Channel.CreateBounded<BackupPart>(PartsAhead);
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer idle;
    private BackupPart? last;
    private long nextNumber;

    public BackupStream(Guid id, NodeSnapshot snapshot, TimeProvider time, Action<Exception> fatal)
    {
        (Id, this.snapshot, this.fatal) = (id, snapshot, fatal);
        idle = time.CreateTimer(_ => Abandon(), null, Patience, Timeout.InfiniteTimeSpan);
        new Thread(Produce) { Name = "lattice-backup", IsBackground = true }.Start();
    }

    public Guid Id { get; }

    /// <summary>Bytes handed out.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether its reader is gone.</summary>
    public bool IsAbandoned => stop.IsCancellationRequested;

    /// <summary>A part: the next one, or the last one again, if its answer was lost.</summary>
    public async ValueTask<BackupPart> ReadAsync(long number)
    {
        idle.Change(Patience, Timeout.InfiniteTimeSpan);
        await turn.WaitAsync();
        try
        {
            if (last is not null && number == nextNumber - 1)
            {
                return last;
            }

            if (number != nextNumber || last is { IsLast: true })
            {
                return new BackupPart([], IsLast: true, $"Part {number} of a backup was asked for, but part {nextNumber} is the next one. Begin it anew.");
            }

            last = await parts.Reader.ReadAsync(stop.Token);
            nextNumber++;
            Bytes += last.Pieces.Sum(piece => (long)piece.Length);
            return last;
        }
        catch (OperationCanceledException)
        {
            return new BackupPart([], IsLast: true, "The backup was given up. Begin it anew.");
        }
        catch (ChannelClosedException e)
        {
            return new BackupPart([], IsLast: true, (e.InnerException ?? e).Message);
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await ended.Task;
        await idle.DisposeAsync();
    }

    private void Abandon() => stop.Cancel();

    private void Produce()
    {
        try
        {
            BackgroundThread.GiveWay();
            List<byte[]> part = [];
            byte[] piece = new byte[PieceSize];
            int filled = 0;
            foreach (ReadOnlyMemory<byte> made in snapshot.Parts())
            {
                for (ReadOnlySpan<byte> rest = made.Span; !rest.IsEmpty;)
                {
                    int taken = Math.Min(rest.Length, PieceSize - filled);
                    rest[..taken].CopyTo(piece.AsSpan(filled));
                    rest = rest[taken..];
                    filled += taken;
                    if (filled == PieceSize)
                    {
                        part.Add(piece);
                        (piece, filled) = (new byte[PieceSize], 0);
                        if (part.Count == PiecesOfPart)
                        {
                            Offer(new BackupPart(part, IsLast: false, Failure: null));
                            part = [];
                        }
                    }
                }
            }

            part.Add(piece[..filled]);
            Offer(new BackupPart(part, IsLast: true, Failure: null));
            parts.Writer.Complete();
        }
        catch (OperationCanceledException)
        {
            // Nobody reads any more.
        }
        catch (Exception e)
        {
            // What cannot be read for a backup, or is not what was written, is not fit to serve clients either.
            parts.Writer.Complete(e);
            fatal(e);
        }
        finally
        {
            snapshot.Dispose();
            ended.SetResult();
        }
    }

    private void Offer(BackupPart part) => parts.Writer.WriteAsync(part, stop.Token).AsTask().GetAwaiter().GetResult();
}
