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

    private const string House = "IsoCatalog.Appliance";

    /// <summary>The namespace of the house itself, where a site is put together: it may use every room, and no room uses it.</summary>
    private const string Root = "";

    /// <summary>Every room may use these, and they use no room.</summary>
    private static readonly string[] ForAll = ["Configuration", "Events", "Wording"];

    /// <summary>Room to the rooms that it may use beside those for all.</summary>
    private static readonly Dictionary<string, string> Rooms = new()
    {
        ["Store"] = "",
        ["Documents"] = "Store",
        ["Ledger"] = "Documents Store",
        ["Fleet"] = "Upkeep Ledger Documents Store",
        ["Intake"] = "Upkeep Ledger Documents Store",
        ["Upkeep"] = "Ledger",
        ["Keeping"] = "Upkeep Ledger Documents Store",
        ["Mounts"] = "Upkeep Ledger Documents Store",
        ["Sync"] = "Fleet Upkeep Ledger Documents Store",
        ["Publishing"] = "Fleet Intake Upkeep Ledger Documents Store",
        ["Telemetry"] = "Publishing Ledger Documents Store",
        ["Access"] = "",
        ["Reload"] = "Upkeep",
        ["Jobs"] = "Sync Fleet Publishing Mounts Intake Keeping Ledger Documents Store",
        ["Api"] = "Access Reload Telemetry Sync Fleet Publishing Mounts Intake Keeping Ledger Documents Store",
        ["Web"] = "Api Access Sync Fleet Publishing Mounts Intake Keeping Ledger Documents Store",
        ["Commands"] = "Access Sync Fleet Publishing Mounts Intake Keeping Ledger Documents Store",
    };

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
    public void Swarm_uses_only_the_hashing_and_the_pinned_TLS_of_Core()
    {
        var wrong = ProductCode.UsesIn(ProductCode.Swarm, "IsoCatalog.Swarm")
            .Where(u => u.Used.Assembly == ProductCode.Core && ProductCode.NamespaceOf(u.Used) is not ("IsoCatalog.Core.Hashing" or "IsoCatalog.Core.Tls" or "IsoCatalog.Core.Connections"));

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

    [Fact]
    public void A_room_of_the_appliance_uses_only_the_rooms_that_lie_under_it()
    {
        var wrong = UsesBetweenRooms().Where(u => !May(u.By, u.Used)).Select(u => $"{u.By} -> {u.Used}: {u.Use}");

        Assert.Empty(wrong);

        static bool May(string by, string used) =>
            by == Root || (Rooms.TryGetValue(by, out var under) && under.Split(' ').Contains(used)) || (ForAll.Contains(used) && !ForAll.Contains(by));
    }

    [Fact]
    public void Every_room_of_the_appliance_has_its_arrows_said_here()
    {
        var rooms = ProductCode.WrittenTypes(ProductCode.Appliance).Select(RoomOf).Where(r => r != Root).Distinct();

        Assert.Equal(Rooms.Keys.Concat(ForAll).Order(StringComparer.Ordinal), rooms.Order(StringComparer.Ordinal));
    }

    /// <summary>Not by what is allowed above, but by what is there: no arrow may be allowed that makes such a pair.</summary>
    [Fact]
    public void No_two_rooms_of_the_appliance_use_each_other()
    {
        var arrows = UsesBetweenRooms().ToLookup(u => (u.By, u.Used), u => u.Use);
        var pairs = arrows.Where(a => string.CompareOrdinal(a.Key.By, a.Key.Used) < 0 && arrows.Contains((a.Key.Used, a.Key.By)))
            .Select(a => $"{a.Key.By} <-> {a.Key.Used}: {a.First()}; {arrows[(a.Key.Used, a.Key.By)].First()}");

        Assert.Empty(pairs);
    }

    /// <summary>Whoever may write a part is given its book; the way to change anything at all stays in the ledger.</summary>
    [Theory]
    [InlineData("CatalogBook", "Api Intake")]
    [InlineData("CellBook", "Publishing")]
    [InlineData("StoreBook", "Keeping Publishing Sync")]
    [InlineData("LeaseBook", "Api Mounts")]
    [InlineData("AliasBook", "Publishing")]
    [InlineData("DocumentBook", "Api Fleet Jobs Sync")]
    [InlineData("Turn", "")]
    [InlineData("Change", "")]
    [InlineData("Row", "")]
    public void A_book_is_used_only_where_its_part_is_written(string book, string rooms)
    {
        var users = UsesBetweenRooms().Where(u => u.Use.Used.Name == book && u.Used == "Ledger" && u.By != Root).Select(u => u.By).Distinct();

        Assert.Equal(rooms.Split(' ', StringSplitOptions.RemoveEmptyEntries), users.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Ledger")]
    [InlineData("Publishing")]
    [InlineData("Mounts")]
    [InlineData("Api")]
    public void The_reading_of_uses_sees_what_is_there(string room)
    {
        var uses = ProductCode.UsesIn(ProductCode.Appliance, "IsoCatalog.Appliance." + room).ToList();

        Assert.Contains(uses, u => u.Used.FullName == "IsoCatalog.Core.Readiness.SiteView");
        Assert.Contains(uses, u => u.Member is MethodInfo { Name: "get_View" });
    }

    private static IEnumerable<(string By, string Used, Use Use)> UsesBetweenRooms() =>
        ProductCode.UsesIn(ProductCode.Appliance, House)
            .Where(u => u.Used.Assembly == ProductCode.Appliance && ProductCode.IsIn(ProductCode.NamespaceOf(u.Used), House))
            .Select(u => (By: RoomOf(u.By), Used: RoomOf(u.Used), Use: u))
            .Where(u => u.By != u.Used);

    /// <summary>The first part of the namespace below the house: what lies deeper belongs to the same room.</summary>
    private static string RoomOf(Type type) => ProductCode.NamespaceOf(type)![House.Length..].TrimStart('.').Split('.')[0];
}
