using System.Reflection;
using Xunit;

namespace IsoCatalog.Tests.Architecture;

/// <summary>Who may use whom.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["IsoCatalog.Core"] = [],
        ["IsoCatalog.Swarm"] = ["IsoCatalog.Core"],
        ["IsoCatalog.Surfaces"] = ["IsoCatalog.Core"],
        ["IsoCatalog.Client"] = ["IsoCatalog.Core"],
        ["IsoCatalog.Simulators"] = [],
        ["IsoCatalog.Appliance"] = ["IsoCatalog.Core", "IsoCatalog.Swarm", "IsoCatalog.Surfaces", "IsoCatalog.Client", "IsoCatalog.Simulators"],
    };

    private static readonly string[] FileTypes =
    [
        "System.IO.File", "System.IO.FileInfo", "System.IO.FileStream", "System.IO.Directory", "System.IO.DirectoryInfo", "System.IO.FileSystemInfo",
        "System.IO.DriveInfo", "System.IO.RandomAccess", "System.IO.FileSystemWatcher", "Microsoft.Win32.SafeHandles.SafeFileHandle",
    ];

    private static readonly string[] Clocks =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTimeOffset.get_Now",
        "System.DateTimeOffset.get_UtcNow", "System.TimeProvider.get_System", "System.Environment.get_TickCount", "System.Environment.get_TickCount64",
        "System.Diagnostics.Stopwatch.GetTimestamp", "System.Diagnostics.Stopwatch.StartNew",
    ];

    /// <summary>They measure the processor for a millisecond, and never ask what time it is.</summary>
    private static readonly string[] Stopwatches = ["IsoCatalog.Core.Hashing.LeafHasher", "IsoCatalog.Core.Hashing.PieceHashing"];

    [Fact]
    public void Projects_reference_only_what_lies_under_them()
    {
        var wrong = SourceTree.ProjectReferences()
            .SelectMany(p => p.Value.Where(r => !Allowed.TryGetValue(p.Key, out var may) || !may.Contains(r)).Select(r => $"{p.Key} -> {r}"));

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_project_has_its_arrows_said_here() =>
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), SourceTree.ProjectReferences().Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Core_opens_no_file_and_no_socket()
    {
        var wrong = ProductCode.UsesIn(ProductCode.Core, "IsoCatalog.Core").Where(u =>
            FileTypes.Contains(u.Used.FullName)
            || ProductCode.IsIn(u.Used.Namespace, "System.Net.Sockets")
            || ProductCode.IsIn(u.Used.Namespace, "System.Net.Http")
            || ProductCode.IsIn(u.Used.Namespace, "Microsoft.AspNetCore"));

        Assert.Empty(wrong);
    }

    [Fact]
    public void Core_reads_no_clock_but_the_one_it_is_given()
    {
        var wrong = ProductCode.UsesIn(ProductCode.Core, "IsoCatalog.Core")
            .Where(u => Clocks.Contains($"{u.Member.DeclaringType?.FullName}.{u.Member.Name}") && !Stopwatches.Contains(ProductCode.Outermost(u.By).FullName));

        Assert.Empty(wrong);
    }

    [Fact]
    public void Core_knows_no_dependency_injection()
    {
        var wrong = ProductCode.UsesIn(ProductCode.Core, "IsoCatalog.Core")
            .Where(u => ProductCode.IsIn(u.Used.Namespace, "Microsoft.Extensions") || u.Used == typeof(IServiceProvider));

        Assert.Empty(wrong);
    }

    [Fact]
    public void Swarm_uses_only_the_hashing_of_Core()
    {
        var wrong = ProductCode.UsesIn(ProductCode.Swarm, "IsoCatalog.Swarm")
            .Where(u => u.Used.Assembly == ProductCode.Core && !ProductCode.IsIn(ProductCode.NamespaceOf(u.Used), "IsoCatalog.Core.Hashing"));

        Assert.Empty(wrong);
    }

    /// <summary>What stands in for an outside system is written from that system's documents; a misunderstanding of ours must not be in both.</summary>
    [Fact]
    public void Simulators_use_nothing_of_ours_and_only_the_verbs_use_them()
    {
        var wrong = ProductCode.UsesIn(ProductCode.Simulators, "IsoCatalog.Simulators")
            .Where(u => ProductCode.IsIn(u.Used.Namespace, "IsoCatalog") && u.Used.Assembly != ProductCode.Simulators)
            .Concat(ProductCode.UsesIn(ProductCode.Appliance, "IsoCatalog.Appliance")
                .Where(u => u.Used.Assembly == ProductCode.Simulators && !ProductCode.IsIn(ProductCode.NamespaceOf(u.By), "IsoCatalog.Appliance.Commands")));

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("Storage", "Sync Fleet Publishing Mounts Api Jobs Commands Web")]
    [InlineData("Fleet", "Sync Publishing Mounts Api Jobs Commands Web")]
    [InlineData("Sync", "Publishing Mounts Api Jobs Commands Web")]
    [InlineData("Publishing", "Sync Mounts Api Jobs Commands Web")]
    [InlineData("Mounts", "Sync Publishing Api Jobs Commands Web")]
    [InlineData("Configuration", "Sync Publishing Mounts Api Jobs Commands Web")]
    [InlineData("Access", "Storage Sync Fleet Publishing Mounts Api Jobs Commands Web")]
    [InlineData("Telemetry", "Sync Publishing Mounts Api Jobs Commands Web")]
    [InlineData("Api", "Jobs Commands Web")]
    [InlineData("Web", "Jobs Commands")]
    [InlineData("Jobs", "Api Commands Web")]
    public void A_room_of_the_appliance_uses_no_room_above_it(string room, string above)
    {
        const string House = "IsoCatalog.Appliance.";
        var forbidden = above.Split(' ').Select(r => House + r).ToArray();
        var wrong = ProductCode.UsesIn(ProductCode.Appliance, House + room)
            .Where(u => u.Used.Assembly == ProductCode.Appliance && forbidden.Any(f => ProductCode.IsIn(ProductCode.NamespaceOf(u.Used), f)));

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("Storage")]
    [InlineData("Publishing")]
    [InlineData("Mounts")]
    [InlineData("Api")]
    public void The_reading_of_uses_sees_what_is_there(string room)
    {
        var uses = ProductCode.UsesIn(ProductCode.Appliance, "IsoCatalog.Appliance." + room).ToList();

        Assert.Contains(uses, u => u.Used.FullName == "IsoCatalog.Core.Readiness.SiteView");
        Assert.Contains(uses, u => u.Member is MethodInfo { Name: "get_View" });
    }
}
