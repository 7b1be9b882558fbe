using System.Diagnostics;
using System.Globalization;
using Lattice.Core.Consensus;
using Lattice.Core.Disk;
using Lattice.Core.Log;
using Lattice.Core.Tests.Disk;
using Xunit;
using Xunit.Abstractions;

namespace Lattice.Core.Tests.Log;

/// <summary>
/// Measures; asserts nothing about time. <c>LATTICE_TEST_LOG_MB=1024</c> makes the log a gigabyte, the size that has to be read
/// within a few seconds; otherwise it is small, so that an ordinary run stays quick.
/// </summary>
public sealed class LogRecoveryTimeTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(256)]
    [InlineData(65536)]
    public void Recovery_is_one_pass_over_the_log(int entryBytes)
    {
        long megabytes = long.Parse(Environment.GetEnvironmentVariable("LATTICE_TEST_LOG_MB") ?? "16", CultureInfo.InvariantCulture);
        var disk = new PhysicalDisk();
        var options = new LogOptions { SyncOnWrite = false };
        byte[] payload = new byte[entryBytes];
        new Random(1).NextBytes(payload);
        int perAppend = Math.Max(1, Math.Min(100, (256 << 10) / entryBytes));
        ulong last = 0;
        var watch = Stopwatch.StartNew();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, _directory.Path, options))
        {
            for (long written = 0; written < megabytes << 20;)
            {
                for (uint group = 1; group <= 4; group++)
                {
                    Entry[] entries = [.. Enumerable.Range(0, perAppend).Select(i => new Entry(last + (ulong)i + 1, 1, EntryKind.Command, payload))];
                    log.Group(group).Append(entries, null);
                    written += perAppend * (long)entryBytes;
                }

                last += (ulong)perAppend;
                log.Flush();
            }

            log.Seal();
        }

        TimeSpan writing = watch.Elapsed;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        watch.Restart();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, _directory.Path, options))
        {
            TimeSpan opening = watch.Elapsed;
            LogRecovery found = log.Recovery;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{found.BytesRead >> 20} MiB, {found.Segments} segments, {found.Records} records, {found.Entries} entries of {entryBytes} bytes: written in {writing.TotalSeconds:F2} s, recovered in {opening.TotalSeconds:F2} s, {(GC.GetTotalMemory(forceFullCollection: true) - before) >> 20} MiB in memory"));
            for (uint group = 1; group <= 4; group++)
            {
                Assert.Equal(last, log.Group(group).LastIndex);
                Assert.True(log.Group(group).Entries(last / 2, (last / 2) + 1, 1)[0].Data.Span.SequenceEqual(payload));
            }
        }
    }
}
