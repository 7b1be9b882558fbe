using System.IO.Pipelines;

namespace Lattice.Silo.Security;

/// <summary>What a connection receives, looked at by a <see cref="FrameGate"/> before anybody else sees it. Nothing is copied.</summary>
internal sealed class GuardedReader(PipeReader inner, FrameGate gate, Action<string> refuse) : PipeReader
{
    private ReadResult last;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        last = await inner.ReadAsync(cancellationToken).ConfigureAwait(false);
        Look();
        return last;
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!inner.TryRead(out result))
        {
            return false;
        }

        last = result;
        Look();
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        gate.Taken(last.Buffer.Slice(0, consumed).Length);
        last = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private void Look()
    {
        if (gate.Look(last.Buffer) is { } problem)
        {
            refuse(problem);
            inner.AdvanceTo(last.Buffer.Start);
            throw new ConnectionRefusedException(problem);
        }
    }
}

/// <summary>A connection was ended because of what came over it.</summary>
internal sealed class ConnectionRefusedException(string problem) : Exception($"The connection was ended: {problem}.");
