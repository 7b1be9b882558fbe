using Lattice.Core.Consensus;
using Lattice.Core.Replication;
using Lattice.Core.State;
using Lattice.Core.Tests.State;
using Xunit;

namespace Lattice.Core.Tests.Replication;

/// <summary>A stream that finds no room: the old state goes on, nothing is acknowledged, and any chunk that comes again is the occasion to go on.</summary>
public sealed class SnapshotReceiverTests : IDisposable
{
    private const ulong Stream = 5;

    private readonly StateFixture _from = SnapshotTests.Filled();
    private readonly StateFixture _to = new();
    private readonly FullEngine _engine;
    private readonly StateMachine _state;
    private readonly SnapshotReceiver _receiver = new();
    private readonly GroupSnapshot _snapshot;
    private readonly List<Message> _chunks;
    private bool _wants = true;

    public SnapshotReceiverTests()
    {
        _to.Put("old", "1");
        _engine = new FullEngine(_to.Engine);
        _state = new StateMachine(_engine, _to.Group, _to.Limits, _to.Cache);
        _snapshot = _from.Machine.OpenSnapshot();
        _chunks = [.. Chunks(Stream)];
    }

    public void Dispose()
    {
        _snapshot.Dispose();
        _receiver.Dispose();
        _engine.Dispose();
        _to.Dispose();
        _from.Dispose();
    }

    [Fact]
    public void A_snapshot_that_cannot_be_made_durable_does_not_become_the_state_and_waits_for_room()
    {
        _engine.RefusesFlushes = true;
        TakeAllButLast();
        AssertWaits(Take(_chunks[^1]));
        AssertWaits(Take(_chunks[^1]));
        AssertWaits(Take(_chunks[0]));

        _engine.RefusesFlushes = false;
        AssertInstalled(Take(_chunks[^1]));
        Assert.Equal((ulong)_chunks.Count, Take(_chunks[^1]).Reply!.Index);
    }

    [Fact]
    public void A_snapshot_that_cannot_become_the_state_for_want_of_room_waits_too()
    {
        TakeAllButLast();
        _engine.RefusesFlushes = true;
        AssertWaits(Take(_chunks[^1]));
        _engine.RefusesFlushes = false;
        _engine.IsFull = true;
        AssertWaits(Take(_chunks[^1]));
        _engine.IsFull = false;
        AssertInstalled(Take(_chunks[^1]));
    }

    [Fact]
    public void A_snapshot_that_waits_goes_before_another_stream_which_is_not_answered_for_it()
    {
        _engine.RefusesFlushes = true;
        TakeAllButLast();
        AssertWaits(Take(_chunks[^1]));
        Message other = Chunks(Stream + 1).First();
        AssertWaits(Take(other));

        _engine.RefusesFlushes = false;
        TakenChunk taken = Take(other);
        Assert.Null(taken.Reply);
        Assert.Equal(_from.Machine.Applied, taken.Installed!.Position);
        Assert.Equal(_from.Machine.Digest, _state.Digest);
    }

    [Fact]
    public void A_snapshot_that_the_log_has_overtaken_while_it_waited_is_dropped()
    {
        _engine.RefusesFlushes = true;
        TakeAllButLast();
        AssertWaits(Take(_chunks[^1]));
        _wants = false;
        _engine.RefusesFlushes = false;
        TakenChunk taken = Take(_chunks[^1]);
        Assert.Null(taken.Installed);
        Assert.Equal(SnapshotReceiver.HasItAll, taken.Reply!.Index);
        Assert.Equal("1", StateFixture.S(_state.Get("old")));
    }

    [Fact]
    public void A_stream_for_whose_rows_there_is_no_room_is_lost_and_its_sender_learns_it_when_it_comes_back()
    {
        TakeAllButLast();
        _engine.IsFull = true;
        AssertWaits(Take(_chunks[^1]));
        Assert.True(Take(_chunks[^1]).Reply!.Reject);

        _engine.IsFull = false;
        _chunks.Clear();
        _chunks.AddRange(Chunks(Stream + 1));
        TakeAllButLast();
        AssertInstalled(Take(_chunks[^1]));
    }

    private TakenChunk Take(Message chunk) => _receiver.Take(chunk, _state, _ => _wants);

    private void TakeAllButLast()
    {
        foreach (Message chunk in _chunks.SkipLast(1))
        {
            Assert.Equal(chunk.Index + 1, Take(chunk).Reply!.Index);
        }
    }

    private void AssertWaits(TakenChunk taken)
    {
        Assert.Equal(TakenChunk.NoRoom, taken);
        Assert.Equal("1", StateFixture.S(_state.Get("old")));
    }

    private void AssertInstalled(TakenChunk taken)
    {
        Assert.Equal(_from.Machine.Applied, taken.Installed!.Position);
        Assert.Equal((ulong)_chunks.Count, taken.Reply!.Index);
        Assert.Equal(_from.Machine.Digest, _state.Digest);
        Assert.Null(_state.Get("old"));
    }

    private IEnumerable<Message> Chunks(ulong stream) => _snapshot.Blocks().Select((block, i) => new Message
    {
        Kind = MessageKind.SnapshotChunk,
        From = 1,
        To = 2,
        Context = stream,
        Index = (ulong)i,
        Snapshot = i == 0 ? _snapshot.Metadata : null,
        Data = block.ToArray(),
    });
}
