using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>The boot catalog (El Torito 1.0 section 2): default entry and all sections.</summary>
/// <param name="IsSealed">The checksum of its first entry is right.</param>
internal sealed record BootCatalog(IReadOnlyList<ElToritoEntry> Entries, bool IsSealed)
{
    private const int EntrySize = 32;
    private const int MaxSlots = 128;
    private const byte BootableMark = 0x88;
    private const byte SectionFollows = 0x90;
    private const byte LastSection = 0x91;
    private const byte Extension = 0x44;

    /// <summary>Boot images lie in the volume, or are appended to it. What begins farther behind its end is a damaged number and not a missing end.</summary>
    private const ulong FarthestAppended = 1UL << 30;

    /// <param name="volumeEnd">How long the volume says that it is, in bytes.</param>
    public static BootCatalog Read(ImageWindow window, uint? lba, ulong volumeEnd, Findings findings)
    {
        var entries = new List<ElToritoEntry>();
        if (lba is not { } sector)
        {
            findings.Warn("The image has no boot record: a machine cannot start from it.");
            return new BootCatalog(entries, IsSealed: false);
        }

        var offset = (ulong)sector * IsoReader.SectorSize;
        Span<byte> slot = stackalloc byte[EntrySize];
        if (!window.TryRead(offset, slot))
        {
            findings.Warn($"The boot catalog (sector {sector}) lies beyond the end of the file: a machine cannot start from the image.");
            return new BootCatalog(entries, IsSealed: false);
        }

        // Firmware looks for these marks; the checksum is judged apart.
        if (slot[0] != 1 || slot[30] != 0x55 || slot[31] != 0xAA)
        {
            findings.Warn($"The boot catalog (sector {sector}) is damaged: a machine cannot start from the image.");
            return new BootCatalog(entries, IsSealed: false);
        }

        var isSealed = HasChecksum(slot);
        if (!isSealed)
        {
            findings.Warn($"The checksum of the boot catalog (sector {sector}) is wrong: BIOS starts from the image all the same, most UEFI firmware does not.");
        }

        var platform = slot[1];
        var pending = 1;
        var last = false;
        var isDefault = true;
        for (var index = 1; index < MaxSlots && entries.Count < IsoReader.MaxBootEntries; index++)
        {
            if (!window.TryRead(offset + (ulong)(index * EntrySize), slot))
            {
                break;
            }

            if (pending > 0)
            {
                if (slot[0] == Extension)
                {
                    continue;
                }

                if (slot[0] is not (BootableMark or 0) || (!isDefault && !slot.ContainsAnyExcept((byte)0)))
                {
                    findings.Warn($"Entry {index} of the boot catalog (sector {sector}) is damaged; those after it are not read.");
                    break;
                }

                entries.Add(Entry(slot, platform, window, volumeEnd, findings));
                pending--;
                isDefault = false;
            }
            else if (!last && slot[0] is SectionFollows or LastSection)
            {
                last = slot[0] == LastSection;
                platform = slot[1];
                pending = BinaryPrimitives.ReadUInt16LittleEndian(slot[2..]);
            }
            else if (last || slot[0] != Extension)
            {
                break;
            }
        }

        return new BootCatalog(entries, isSealed);
    }

    /// <summary>Sum of all 16-bit words zero (section 2.1).</summary>
    private static bool HasChecksum(ReadOnlySpan<byte> slot)
    {
        ushort sum = 0;
        for (var i = 0; i < slot.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16LittleEndian(slot[i..]);
        }

        return sum == 0;
    }

    private static ElToritoEntry Entry(ReadOnlySpan<byte> slot, byte platform, ImageWindow window, ulong volumeEnd, Findings findings)
    {
        var media = (byte)(slot[1] & 0x0F);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(slot[6..]);
        var lba = BinaryPrimitives.ReadUInt32LittleEndian(slot[8..]);
        var start = (ulong)lba * IsoReader.SectorSize;
        var size = media switch
        {
            1 => 1_228_800UL,
            2 => 1_474_560UL,
            3 => 2_949_120UL,
            _ when platform == ElToritoEntry.Efi && count <= 1 => start < window.Length ? window.Length - start : 0,
            _ => (ulong)count * 512,
        };
        // What the catalog itself counts is the least that must be there; 0 and 1 only say that it does not know, and of a floppy the medium is what is declared.
        var least = start + ((media == 0 ? (ulong)Math.Max(count, 1) : 1) * 512);
        if (slot[0] == BootableMark && lba != 0 && least > window.Length && start <= volumeEnd + FarthestAppended)
        {
            findings.RefuseTruncated($"The {Firmware(platform)} boot image at sector {lba}", least, window.Length);
        }

        if (lba == 0 || start >= window.Length || !window.Contains(start, size))
        {
            findings.Warn(
                $"The boot image at sector {lba} ({size} bytes) does not lie within the file of {window.Length} bytes: "
                + $"{Firmware(platform)} may not start from it. If the source has a longer file, copy it again.");
        }

        return new ElToritoEntry(platform, slot[0] == BootableMark, media, lba, count, (long)size);
    }

    private static string Firmware(byte platform) => platform == ElToritoEntry.Efi ? "UEFI" : "BIOS";
}
