using System.Text;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>Files of other kinds, made by the programs that make them, renamed to .iso: called what they are, with what to do.</summary>
public sealed class ForeignFormatTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Made => new()
    {
        { "gpt disk", "a raw disk image with a GPT", "USB stick" },
        { "mbr disk", "a raw disk image with an MBR", "USB stick" },
        { "fat12", "a FAT file system", "xorriso" },
        { "fat16", "a FAT file system", "xorriso" },
        { "fat32", "a FAT file system", "xorriso" },
        { "ext4", "an ext2, ext3 or ext4 file system", "xorriso" },
        { "xfs", "an XFS file system", "xorriso" },
        { "btrfs", "a btrfs file system", "xorriso" },
        { "squashfs", "a squashfs file system", "inside an .iso" },
        { "swap", "a swap area", "publisher" },
        { "vpc", "a VHD disk", "USB stick" },
        { "vpc fixed", "a VHD disk", "USB stick" },
        { "vhdx", "a VHDX disk", "USB stick" },
        { "vdi", "a VirtualBox disk (VDI)", "USB stick" },
        { "qcow2", "a qcow2 disk", "USB stick" },
        { "vmdk", "a VMware disk (VMDK)", "USB stick" },
        { "qed", "a QED disk", "USB stick" },
        { "tar", "a tar archive", "unpack it" },
        { "gz", "a gzip file", "unpack it" },
        { "xz", "an xz file", "unpack it" },
        { "bz2", "a bzip2 file", "unpack it" },
        { "elf", "a program (ELF)", "publisher" },
        { "efi", "a program for Windows or EFI", "publisher" },
        { "sha256sum", "a list of checksums", "not the image" },
        { "raw cd", "sectors of 2352 bytes", "bchunk" },
        { "raw cd with subchannels", "sectors of 2448 bytes", "convert it" },
        { "zeros", "only zeros", "do it again" },
    };

    [Theory]
    [MemberData(nameof(Made))]
    public async Task A_file_of_another_kind_is_called_what_it_is(string kind, string name, string advice)
    {
        using var folder = new TempFolder();
        var path = folder.Combine("renamed.iso");
        await MakeAsync(kind, path, folder);
        using var stream = File.OpenRead(path);
        var refused = Assert.IsType<IsoInspection.Refused>(IsoReader.Read(stream));
        Assert.Equal(IsoRefusal.NotAnIso, refused.Refusal.Code);
        Assert.Contains("looks like ", refused.Refusal.Message, StringComparison.Ordinal);
        Assert.Contains(name, refused.Refusal.Message, StringComparison.Ordinal);
        Assert.Contains(advice, refused.Refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", refused.Refusal.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Refusal.Message.Length, 20, 400);
        Assert.Null(refused.Vouched);
    }

    /// <summary>What cannot be made here has its mark alone, as its documentation gives it.</summary>
    [Theory]
    [InlineData(0, "MSWIM\0\0\0", "a Windows image (WIM or ESD)")]
    [InlineData(0, "\u0028\u00b5\u002f\u00fd", "a Zstandard file")]
    [InlineData(0, "7z\u00bc\u00af", "a 7-Zip file")]
    [InlineData(0, "Rar!\u001a\u0007", "a RAR file")]
    [InlineData(0, "070701", "a cpio archive")]
    [InlineData(0, "\u00ed\u00ab\u00ee\u00db", "an RPM package")]
    [InlineData(0, "!<arch>\ndebian-binary", "a Debian package")]
    [InlineData(3, "NTFS    ", "an NTFS file system")]
    [InlineData(3, "EXFAT   ", "an exFAT file system")]
    [InlineData(1024, "H+", "an HFS+ file system")]
    [InlineData(0, "# Disk DescriptorFile", "a VMware disk")]
    [InlineData(-512, "koly", "an Apple disk image (DMG)")]
    [InlineData(-12, "NER5", "a Nero image (NRG)")]
    [InlineData(0, "MEDIA DESCRIPTOR", "(MDS)")]
    [InlineData(0, "FILE \"x.bin\" BINARY", "a cue sheet")]
    [InlineData(0, "CISO", "a compressed image (CSO)")]
    [InlineData(32777, "CDROM", "a High Sierra volume")]
    public void A_mark_at_its_place_names_the_kind(int offset, string mark, string name)
    {
        var file = new byte[100_000];
        new Random(1).NextBytes(file.AsSpan(600));
        Encoding.Latin1.GetBytes(mark, file.AsSpan(offset < 0 ? file.Length + offset : offset));
        Assert.Contains("looks like ", Inspect.Refused(file).Message, StringComparison.Ordinal);
        Assert.Contains(name, Inspect.Refused(file).Message, StringComparison.Ordinal);
    }

    private static async Task MakeAsync(string kind, string path, TempFolder folder)
    {
        const int Megabytes = 16;
        var raw = folder.Combine("raw");
        await File.WriteAllBytesAsync(raw, [.. Enumerable.Repeat((byte)0x41, Megabytes << 20)], Cancel);
        switch (kind)
        {
            case "gpt disk" or "mbr disk":
                await PartitionAsync(path, kind[..3] == "gpt" ? "gpt" : "dos", folder);
                break;
            case "fat12" or "fat16" or "fat32":
                await IsoBuilder.BuildFatAsync(path, ["BOOTX64.EFI"], int.Parse(kind[3..]), Cancel);
                break;
            case "ext4" or "xfs" or "btrfs":
                await File.WriteAllBytesAsync(path, [], Cancel);
                (await Counterpart.RunAsync("truncate", ["-s", kind == "ext4" ? "16M" : "512M", path], Cancel)).Succeeded();
                (await Counterpart.RunAsync($"mkfs.{kind}", ["-q", path], Cancel)).Succeeded();
                break;
            case "squashfs":
                (await Counterpart.RunAsync("mksquashfs", [raw, path, "-quiet", "-no-progress"], Cancel)).Succeeded();
                break;
            case "swap":
                File.Copy(raw, path);
                (await Counterpart.RunAsync("mkswap", [path], Cancel)).Succeeded();
                break;
            case "vpc" or "vhdx" or "vdi" or "qcow2" or "vmdk" or "qed":
                (await Counterpart.RunAsync("qemu-img", ["convert", "-O", kind, raw, path], Cancel)).Succeeded();
                break;
            case "vpc fixed":
                await PartitionAsync(raw, "gpt", folder);
                (await Counterpart.RunAsync("qemu-img", ["convert", "-f", "raw", "-O", "vpc", "-o", "subformat=fixed", raw, path], Cancel)).Succeeded();
                break;
            case "tar":
                (await Counterpart.RunAsync("tar", ["-cf", path, "-C", folder.Path, "raw"], Cancel)).Succeeded();
                break;
            case "gz" or "xz" or "bz2":
                var packer = kind switch { "gz" => "gzip", "xz" => "xz", _ => "bzip2" };
                (await Counterpart.RunAsync(packer, ["-1", raw], Cancel)).Succeeded();
                File.Move($"{raw}.{kind}", path);
                break;
            case "elf":
                File.Copy(Counterpart.Require("xorriso"), path);
                break;
            case "efi":
                File.Copy(Counterpart.RequireFile("/usr/lib/ipxe/snponly.efi", "ipxe"), path);
                break;
            case "sha256sum":
                await File.WriteAllTextAsync(path, (await Counterpart.RunAsync("sha256sum", [raw], Cancel)).Succeeded(), Cancel);
                break;
            case "raw cd" or "raw cd with subchannels":
                await File.WriteAllBytesAsync(path, RawCd(IsoBuilder.InMemory("RAW", 50_000, 1), kind == "raw cd" ? 2352 : 2448), Cancel);
                break;
            case "zeros":
                await File.WriteAllBytesAsync(path, new byte[1 << 20], Cancel);
                break;
        }
    }

    private static async Task PartitionAsync(string path, string label, TempFolder folder)
    {
        File.Delete(path);
        (await Counterpart.RunAsync("truncate", ["-s", "16M", path], Cancel)).Succeeded();
        var script = folder.Write("sfdisk.sh", Encoding.ASCII.GetBytes($"printf 'label: {label}\\nstart=2048, size=4096\\n' | {Counterpart.Require("sfdisk")} --quiet \"$1\"\n"));
        (await Counterpart.RunAsync("sh", [script, path], Cancel)).Succeeded();
    }

    /// <summary>Mode 1: twelve bytes of synchronisation, four of header, the data, and what follows up to the size of a sector.</summary>
    private static byte[] RawCd(byte[] image, int size)
    {
        var raw = new byte[image.Length / 2048 * size];
        for (var sector = 0; sector < image.Length / 2048; sector++)
        {
            var at = raw.AsSpan(sector * size, size);
            at[1..11].Fill(0xFF);
            at[15] = 1;
            image.AsSpan(sector * 2048, 2048).CopyTo(at[16..]);
        }

        return raw;
    }
}
