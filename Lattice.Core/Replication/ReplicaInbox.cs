using System.Collections.Concurrent;
using System.Diagnostics;
using Lattice.Core.Consensus;

namespace Lattice.Core.Replication;

/// <summary>What a replica's loop is told.</summary>
internal enum ReplicaInputKind : byte
{
    Message,
    Write,
    Query,
    LocalQuery,
    Command,
}

/// <summary>One thing that a replica's loop is told; which fields are set depends on the kind.</summary>
internal readonly record struct ReplicaInput(
    ReplicaInputKind Kind,
    Message? Message,
    ReadOnlyMemory<byte> Payload,
    Action<Outcome>? Completed,
    Action<Replica>? Command,
    Activity? Caller = null);

/// <summary>
/// The bounded queue before a replica's loop: anybody puts, the loop takes. Each kind has a bound of its own, so that
/// a flood of requests cannot displace what keeps the group alive.
/// </summary>
internal sealed class ReplicaInbox(ReplicaSettings settings)
{
    private readonly ConcurrentQueue<ReplicaInput> queue = new();
    private int messages;
    private int writes;
    private long writeBytes;
    private int queries;
    private long droppedMessages;
    private long refusedWrites;

    /// <summary>Messages dropped since the start because the inbox was full.</summary>
    public long DroppedMessages => Interlocked.Read(ref droppedMessages);

    /// <summary>Writes that are not answered yet.</summary>
    public int PendingWrites => Volatile.Read(ref writes);

    /// <summary>Writes turned away since the start because the inbox was full.</summary>
    public long RefusedWrites => Interlocked.Read(ref refusedWrites);

    public bool TryPutMessage(Message message)
    {
        if (Interlocked.Increment(ref messages) > settings.MaxWaitingMessages)
        {
            Interlocked.Decrement(ref messages);
            Interlocked.Increment(ref droppedMessages);
            return false;
        }

        queue.Enqueue(new ReplicaInput(ReplicaInputKind.Message, message, default, null, null));
        return true;
    }

    public bool TryPutWrite(ReadOnlyMemory<byte> batch, Action<Outcome> completed, Activity? caller)
    {
        if (Interlocked.Increment(ref writes) > settings.MaxWaitingWrites || Interlocked.Read(ref writeBytes) + batch.Length > settings.MaxWaitingWriteBytes)
        {
            Interlocked.Decrement(ref writes);
            Interlocked.Increment(ref refusedWrites);
            return false;
        }

        Interlocked.Add(ref writeBytes, batch.Length);
        queue.Enqueue(new ReplicaInput(ReplicaInputKind.Write, null, batch, completed, null, caller));
        return true;
    }

    public bool TryPutQuery(ReadOnlyMemory<byte> batch, bool linearizable, Action<Outcome> completed)
    {
        if (Interlocked.Increment(ref queries) > settings.MaxWaitingQueries)
        {
            Interlocked.Decrement(ref queries);
            return false;
        }

        queue.Enqueue(new ReplicaInput(linearizable ? ReplicaInputKind.Query : ReplicaInputKind.LocalQuery, null, batch, completed, null));
        return true;
    }

    /// <summary>Puts something for the loop to do; the node itself does that, rarely.</summary>
    public void PutCommand(Action<Replica> command) =>
        queue.Enqueue(new ReplicaInput(ReplicaInputKind.Command, null, default, null, command));

    public bool TryTake(out ReplicaInput input)
    {
        if (!queue.TryDequeue(out input))
        {
            return false;
        }

        if (input.Kind == ReplicaInputKind.Message)
        {
            Interlocked.Decrement(ref messages);
        }

        return true;
    }

    /// <summary>Gives back the room of a write that has been answered.</summary>
    public void WriteDone(int bytes)
    {
        Interlocked.Decrement(ref writes);
        Interlocked.Add(ref writeBytes, -bytes);
    }

    /// <summary>Gives back the room of a query that has been answered.</summary>
    public void QueryDone() => Interlocked.Decrement(ref queries);
}
