using Lattice.Core.Disk;
using Lattice.Core.Replication;
using Lattice.Core.Verification;

namespace Lattice.Grains;

/// <summary>What this node does beside its groups because an operation asked for it; asked for again under the same id, it tells how far it is.</summary>
public sealed class NodeTaskDesk(NodeInfo node, ReplicaHost host)
{
    private const int Remembered = 16;

    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>(StringComparer.Ordinal);

    private readonly Lock gate = new();
    private readonly Queue<Work> latest = new();

    /// <summary>Begins the work, if it is not known, and tells how far it is.</summary>
    /// <param name="id">What it is known by.</param>
    /// <param name="work">Does it, on a thread of its own; it is given a way to tell how many bytes are done, and returns what came of it.</param>
    public NodeTask Run(Guid id, Func<Action<long>, IReadOnlyDictionary<string, string>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        lock (gate)
        {
            Work? known = latest.FirstOrDefault(w => w.Id == id);
            if (known is null)
            {
                known = new Work(id);
                latest.Enqueue(known);
                if (latest.Count > Remembered)
                {
                    latest.Dequeue();
                }

                known.Task = Task.Factory.StartNew(() => Do(work, known), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }

            return known.Task.IsCompleted ? known.Task.Result : new NodeTask(IsDone: false, Failure: null, Interlocked.Read(ref known.Bytes), Nothing);
        }
    }

    private NodeTask Do(Func<Action<long>, IReadOnlyDictionary<string, string>> work, Work known)
    {
        try
        {
            return new NodeTask(IsDone: true, Failure: null, Interlocked.Read(ref known.Bytes), work(bytes => Interlocked.Exchange(ref known.Bytes, bytes)));
        }
        catch (NodeTaskFailedException e)
        {
            return Failed(e.Message);
        }
        catch (DiskFullException e)
        {
            return Failed($"The volume of {node.DataDirectory} has no room: {e.Message} Nothing that was there is lost. Make room ('df -h {node.DataDirectory}'), then try again.");
        }
        catch (StateDivergenceException e)
        {
            host.ReportFatal(e);
            return Failed($"Its state is not what was written, so it stops: {e.Message} Its log and divergence-report.json say what to do.");
        }
        catch (Exception e)
        {
            // Whoever asked hears of it. What failed is a file, or a defect; either is in the message.
            return Failed($"{e.GetType().Name}: {e.Message}");
        }
    }

    private static NodeTask Failed(string why) => new(IsDone: true, why, 0, Nothing);

    private sealed class Work(Guid id)
    {
        public long Bytes;

        public Guid Id => id;

        public Task<NodeTask> Task { get; set; } = null!;
    }
}

/// <summary>A node could not do what an operation asked for; the message says why and what to do.</summary>
public sealed class NodeTaskFailedException(string message) : Exception(message);
