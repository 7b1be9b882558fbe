using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

/// <summary>What a node that diverged had is kept for those who look into it, up to a size; the report always.</summary>
public sealed class DivergentDataTests : IDisposable
{
    private const int Size = 1000;

    private static readonly DateTimeOffset Now = new(2031, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private readonly string data = Directory.CreateTempSubdirectory("lattice-divergent-").FullName;

    public void Dispose() => Directory.Delete(data, recursive: true);

    [Fact]
    public void Everything_is_kept_that_fits()
    {
        Fill();
        KeptData kept = DivergentData.PutAside(data, Now, 6 * Size);
        Assert.Empty(kept.Dropped);
        Assert.Equal(6 * Size, kept.Bytes - ReportBytes(kept));
        Assert.Equal(["state/1.sst", "state/2.sst"], Files(kept, "state"));
        Assert.False(File.Exists(Path.Combine(data, DivergenceReportFile.FileName)));
    }

    [Theory]
    [InlineData(5, new[] { "snapshots/snapshot-1.snap" })]
    [InlineData(3, new[] { "snapshots/snapshot-1.snap", "snapshots/snapshot-2.snap", "wal/1.wal" })]
    [InlineData(2, new[] { "snapshots/snapshot-1.snap", "snapshots/snapshot-2.snap", "wal/1.wal", "wal/2.wal" })]
    [InlineData(1, new[] { "snapshots/snapshot-1.snap", "snapshots/snapshot-2.snap", "wal/1.wal", "wal/2.wal", "state" })]
    [InlineData(0, new[] { "snapshots/snapshot-1.snap", "snapshots/snapshot-2.snap", "wal/1.wal", "wal/2.wal", "state" })]
    public void What_says_least_goes_first_and_the_report_stays(int most, string[] dropped)
    {
        Fill();
        KeptData kept = DivergentData.PutAside(data, Now, most * Size);
        Assert.Equal(dropped, kept.Dropped);
        Assert.InRange(kept.Bytes - ReportBytes(kept), 0, most * Size);
        Assert.Equal("the report", File.ReadAllText(Path.Combine(kept.Folder, DivergenceReportFile.FileName)));
    }

    [Fact]
    public void A_later_incident_takes_the_place_of_the_one_before()
    {
        Fill();
        DivergentData.PutAside(data, Now, 6 * Size);
        Fill();
        KeptData kept = DivergentData.PutAside(data, Now.AddHours(1), 6 * Size);
        Assert.Equal([kept.Folder], Directory.GetDirectories(Path.Combine(data, DivergentData.FolderName)));
    }

    [Fact]
    public void What_was_broken_off_is_gone_on_with()
    {
        Fill();
        string begun = Path.Combine(data, DivergentData.FolderName, "20310304T050600");
        Directory.CreateDirectory(begun);
        Directory.Move(Path.Combine(data, "wal"), Path.Combine(begun, "wal"));
        KeptData kept = DivergentData.PutAside(data, Now, 6 * Size);
        Assert.Equal(begun, kept.Folder);
        Assert.Equal(6 * Size, kept.Bytes - ReportBytes(kept));
    }

    private void Fill()
    {
        DateTime written = Now.UtcDateTime;
        foreach (string file in (string[])["state/1.sst", "state/2.sst", "snapshots/snapshot-1.snap", "snapshots/snapshot-2.snap", "wal/1.wal", "wal/2.wal"])
        {
            string path = Path.Combine(data, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, new byte[Size]);
            File.SetLastWriteTimeUtc(path, written = written.AddSeconds(1));
        }

        File.WriteAllText(Path.Combine(data, DivergenceReportFile.FileName), "the report");
    }

    private static long ReportBytes(KeptData kept) => new FileInfo(Path.Combine(kept.Folder, DivergenceReportFile.FileName)).Length;

    private static IEnumerable<string> Files(KeptData kept, string folder) =>
        Directory.GetFiles(Path.Combine(kept.Folder, folder)).Select(f => Path.GetRelativePath(kept.Folder, f)).Order(StringComparer.Ordinal);
}
