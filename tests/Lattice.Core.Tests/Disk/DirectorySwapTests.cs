using Lattice.Core.Disk;
using Xunit;

namespace Lattice.Core.Tests.Disk;

/// <summary>Whichever way a directory changes places with another one, nothing that either held is lost.</summary>
public sealed class DirectorySwapTests : IDisposable
{
    private readonly TemporaryDirectory root = new();

    private string Prepared => root.File("prepared");

    private string Target => root.File("target");

    private string Aside => root.File("aside");

    [Fact]
    public void The_prepared_directory_has_the_name_and_the_former_one_lies_aside()
    {
        Make(Prepared, "new");
        Make(Target, "old");
        Assert.Equal(Aside, DirectorySwap.Replace(Prepared, Target, Aside));
        Assert.Equal(("new", "old", false), (ContentOf(Target), ContentOf(Aside), Directory.Exists(Prepared)));
    }

    [Fact]
    public void A_name_that_nobody_had_is_given()
    {
        Make(Prepared, "new");
        Assert.Null(DirectorySwap.Replace(Prepared, Target, Aside));
        Assert.Equal("new", ContentOf(Target));
    }

    [SkippableLinuxFact]
    public void A_former_directory_that_cannot_be_put_aside_is_where_it_is_said_to_be()
    {
        Make(Prepared, "new");
        Make(Target, "old");
        Make(Aside, "somebody else's");
        Assert.Equal(Prepared, DirectorySwap.Replace(Prepared, Target, Aside));
        Assert.Equal(("new", "old", "somebody else's"), (ContentOf(Target), ContentOf(Prepared), ContentOf(Aside)));
    }

    public void Dispose() => root.Dispose();

    private static void Make(string directory, string content)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "content"), content);
    }

    private static string ContentOf(string directory) => File.ReadAllText(Path.Combine(directory, "content"));
}
