using Xunit;

namespace Lattice.Core.Tests.Disk;

/// <summary>A test of something that only Linux has.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SkippableLinuxFactAttribute : FactAttribute
{
    public SkippableLinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "Linux only";
        }
    }
}
