using System.Globalization;
using Lattice.Core.Disk;
using Xunit;

namespace Lattice.Core.Tests.Disk;

public sealed class DataDirectoryLockTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_second_lock_is_refused_with_the_process_that_holds_the_first()
    {
        using (DataDirectoryLock.Acquire(_directory.Path))
        {
            DataDirectoryInUseException e = Assert.Throws<DataDirectoryInUseException>(() => DataDirectoryLock.Acquire(_directory.Path));
            Assert.Equal(_directory.Path, e.Directory);
            Assert.Equal(Environment.ProcessId, e.ProcessId);
            Assert.Contains("process " + Environment.ProcessId.ToString(CultureInfo.InvariantCulture), e.Message, StringComparison.Ordinal);

            // The failed attempt has taken nothing away.
            Assert.Throws<DataDirectoryInUseException>(() => DataDirectoryLock.Acquire(_directory.Path));
        }

        using (DataDirectoryLock.Acquire(_directory.Path))
        {
            Assert.True(File.Exists(_directory.File(DataDirectoryLock.FileName)));
        }
    }

    [Fact]
    public void A_lock_file_that_a_dead_process_left_is_no_obstacle()
    {
        File.WriteAllText(_directory.File(DataDirectoryLock.FileName), "999999999\n");
        DataDirectoryLock.Acquire(_directory.Path).Dispose();
    }

    [Fact]
    public void A_missing_directory_is_not_taken_for_one_in_use() =>
        Assert.Throws<DirectoryNotFoundException>(() => DataDirectoryLock.Acquire(_directory.File("missing")));
}
