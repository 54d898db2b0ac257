using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>Images of all kinds, made once for a test class.</summary>
public sealed class BuiltImages : IAsyncLifetime
{
    // So many that the directory needs several clusters, with those that matter in the last one.
    private static readonly IReadOnlyList<string> Crowd =
        [.. Enumerable.Range(0, 60).Select(number => $"FILLER{number:00}.EFI"), "BOOTAA64.EFI", "BOOTRISCV64.EFI"];

    public static readonly IReadOnlyDictionary<string, IsoRecipe> Recipes = new Dictionary<string, IsoRecipe>(StringComparer.Ordinal)
    {
        ["data"] = new() { VolumeId = "DATA_ONLY" },
        ["joliet"] = new() { VolumeId = "JOLIET", Joliet = true },
        ["bios"] = new() { VolumeId = "BIOS", Bios = true, RockRidge = true },
        ["uefi"] = new() { VolumeId = "UEFI", EfiPrograms = ["BOOTAA64.EFI"] },
        ["both"] = new() { VolumeId = "BOTH", Bios = true, EfiPrograms = ["BOOTIA32.EFI", "BOOTX64.EFI"], Joliet = true, RockRidge = true },
        ["fat16"] = new() { VolumeId = "FAT16", EfiPrograms = ["BOOTRISCV64.EFI"], FatBits = 16 },
        ["fat32"] = new() { VolumeId = "FAT32", EfiPrograms = ["BOOTX64.EFI", "BOOTRISCV64.EFI"], FatBits = 32 },
        ["fat12-long"] = new() { VolumeId = "FAT12_LONG", EfiPrograms = Crowd },
        ["fat16-long"] = new() { VolumeId = "FAT16_LONG", EfiPrograms = Crowd, FatBits = 16 },
        ["fat32-long"] = new() { VolumeId = "FAT32_LONG", EfiPrograms = Crowd, FatBits = 32 },
        ["mbr"] = new() { VolumeId = "HYBRID_MBR", Bios = true, EfiPrograms = ["BOOTX64.EFI"], Disk = IsoDisk.Mbr },
        ["gpt"] = new() { VolumeId = "HYBRID_GPT", Bios = true, EfiPrograms = ["BOOTX64.EFI"], Disk = IsoDisk.GptAppended, PayloadBytes = 200_000 },
    };

    private readonly TempFolder _folder = new();

    public string PathOf(string name) => _folder.Combine(name + ".iso");

    public async ValueTask InitializeAsync()
    {
        if (new[] { "xorriso", "mkfs.vfat", "mmd", "mcopy", "mkudffs", "genisoimage" }.Any(program => Counterpart.Find(program) is null))
        {
            // A fixture cannot skip; each test asks for its counterparts itself.
            return;
        }

        foreach (var (name, recipe) in Recipes)
        {
            await IsoBuilder.BuildAsync(PathOf(name), recipe, CancellationToken.None);
        }

        await IsoBuilder.BuildUdfAsync(PathOf("udf"), "Größe_UDF", 4 << 20, 2048, CancellationToken.None);
        await IsoBuilder.BuildUdfAsync(PathOf("udf512"), "DISK_UDF", 4 << 20, 512, CancellationToken.None);
        await IsoBuilder.BuildUdfAsync(PathOf("udf4096"), "LARGE_UDF", 8 << 20, 4096, CancellationToken.None);
        await IsoBuilder.BuildBridgeAsync(PathOf("bridge"), "BRIDGE", CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The path of a built image, or the end of the test where the tools to make it are missing.</summary>
    public string Require(string name)
    {
        foreach (var program in (string[])["xorriso", "mkfs.vfat", "mcopy", "mkudffs", "genisoimage", "isoinfo"])
        {
            Counterpart.Require(program);
        }

        return PathOf(name);
    }
}
