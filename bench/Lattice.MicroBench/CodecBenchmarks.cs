using BenchmarkDotNet.Attributes;
using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Verification;

namespace Lattice.MicroBench;

/// <summary>An entry of 32 writes of 256 bytes, on its way from the leader to a follower.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private const int Commands = 32;

    private readonly LamportClock clock = new(TimeProvider.System);
    private Message append = new() { Kind = MessageKind.Append };
    private ReadOnlyMemory<byte> frame;
    private ReadOnlyMemory<byte> payload;

    [GlobalSetup]
    public void Setup()
    {
        Entry entry = new WriteLoad().Next(Commands);
        payload = entry.Data;
        append = new Message { Kind = MessageKind.Append, From = 1, FromIncarnation = 1, To = 2, Term = 1, Entries = [entry] };
        frame = EncodeFrame();
    }

    [Benchmark]
    public ReadOnlyMemory<byte> EncodeFrame()
    {
        var writer = new FrameWriter(payload.Length + 128);
        writer.Add(1, append);
        return writer.Seal(1, clock);
    }

    [Benchmark]
    public int DecodeFrame()
    {
        FrameCodec.Open(frame, out ReadOnlyMemory<byte> messages);
        return MessageCodec.Read(messages).Count();
    }

    [Benchmark]
    public EntryPayload DecodePayload() => EntryPayload.Decode(payload);
}
