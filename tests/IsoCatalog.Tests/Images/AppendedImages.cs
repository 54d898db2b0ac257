using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>Images whose EFI partition lies behind the volume, with FAT12, FAT16 and FAT32; the last is larger than El Torito can count.</summary>
public sealed class AppendedImages : IAsyncLifetime
{
    private readonly Dictionary<int, byte[]> _images = [];

    public byte[] Require(int bits)
    {
        foreach (var program in (string[])["xorriso", "mkfs.vfat", "mcopy"])
        {
            Counterpart.Require(program);
        }

        return _images[bits];
    }

    public async ValueTask InitializeAsync()
    {
        if (new[] { "xorriso", "mkfs.vfat", "mmd", "mcopy" }.Any(program => Counterpart.Find(program) is null))
        {
            return;
        }

        using var folder = new TempFolder();
        foreach (var bits in (int[])[12, 16, 32])
        {
            var path = folder.Combine($"{bits}.iso");
            await IsoBuilder.BuildAsync(
                path, new IsoRecipe { Bios = true, EfiPrograms = ["BOOTX64.EFI"], FatBits = bits, Disk = IsoDisk.GptAppended }, CancellationToken.None);
            _images[bits] = await File.ReadAllBytesAsync(path, CancellationToken.None);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
