using System.Text;
using Lattice.Core.Disk;
using Lattice.Core.Tests.Disk;
using Lattice.Core.Verification;
using Xunit;

namespace Lattice.Core.Tests.Verification;

public sealed class DivergenceReportFileTests
{
    private const string Directory = "/data";
    private readonly FaultyDisk disk = new();

    private static string PathOf => Path.Combine(Directory, DivergenceReportFile.FileName);

    [Fact]
    public void A_report_is_durable_once_written()
    {
        DivergenceReportFile.Write(disk, Directory, Reports.Complete());
        disk.Crash(_ => false);
        Assert.True(DivergenceReportFile.TryRead(disk, PathOf, out DivergenceReport? report, out _));
        Assert.Equal(DivergenceReportJson.Write(Reports.Complete()), DivergenceReportJson.Write(report));
    }

    [Fact]
    public void A_crash_while_writing_leaves_the_old_report_or_the_new()
    {
        DivergenceReport old = Reports.Complete() with { Id = "old" };
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var crashing = new FaultyDisk();
            DivergenceReportFile.Write(crashing, Directory, old);
            if (random.Next(2) == 0)
            {
                crashing.Syncing = _ => throw new IOException("power failure");
            }

            try
            {
                DivergenceReportFile.Write(crashing, Directory, old with { Id = "new" });
            }
            catch (IOException)
            {
                // The machine is off.
            }

            crashing.Crash(random);
            Assert.True(DivergenceReportFile.TryRead(crashing, PathOf, out DivergenceReport? report, out string? mistake), mistake);
            Assert.Contains(report.Id, new[] { "old", "new" });
        }
    }

    [Fact]
    public void What_an_interrupted_write_left_is_no_obstacle()
    {
        Put(PathOf + ".tmp", "{ \"half");
        DivergenceReportFile.Write(disk, Directory, Reports.Complete());
        Assert.True(DivergenceReportFile.TryRead(disk, PathOf, out _, out _));
    }

    [Fact]
    public void A_file_that_is_not_there_is_said_to_be_missing()
    {
        Assert.False(DivergenceReportFile.TryRead(disk, PathOf, out _, out string? mistake));
        Assert.Contains("There is no divergence report /data/divergence-report.json", mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"schemaVersion\": 0}")]
    [InlineData("{\"schemaVersion\": 1}")]
    [InlineData("{\"schemaVersion\": 1, \"id\": null}")]
    public void A_file_that_is_no_report_is_refused(string content)
    {
        Put(PathOf, content);
        Assert.False(DivergenceReportFile.TryRead(disk, PathOf, out _, out string? mistake));
        Assert.Contains("is not a divergence report", mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_of_a_newer_version_is_refused()
    {
        Put(PathOf, "{\"schemaVersion\": 3, \"more\": true}");
        Assert.False(DivergenceReportFile.TryRead(disk, PathOf, out _, out string? mistake));
        Assert.Contains("schema version 3, and this version of Lattice reads up to 2", mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_that_lacks_a_property_or_has_a_number_for_a_word_is_refused()
    {
        string whole = DivergenceReportJson.Write(Reports.Complete());
        foreach (string damaged in new[] { whole.Replace("\"checks\"", "\"cheques\"", StringComparison.Ordinal), whole.Replace("\"self-evident\"", "0", StringComparison.Ordinal), whole[..^9] })
        {
            disk.Delete(PathOf);
            Put(PathOf, damaged);
            Assert.False(DivergenceReportFile.TryRead(disk, PathOf, out _, out string? mistake));
            Assert.Contains("is not a divergence report", mistake, StringComparison.Ordinal);
        }
    }

    private void Put(string path, string content)
    {
        using IDiskFile file = disk.Open(path, DiskFileMode.Create);
        file.Write(0, Encoding.UTF8.GetBytes(content));
    }
}
