using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace IsoCatalog.Appliance.Commands;

/// <summary>
/// A small CD image made from nothing, so that a demonstration needs no download: ISO 9660 level 1 with a README.TXT, a file of filler, and
/// an El Torito boot image for BIOS that shows a banner on the screen and on the first serial line.
/// </summary>
internal static class DemoImage
{
    /// <summary>Longer banners do not fit into the boot image's one sector.</summary>
    public const int MaxBanner = 1500;

    public const string VolumeId = "ISOCATALOG_DEMO";

    private const int SectorSize = 2048;
    private const int DescriptorSector = 16;
    private const int CatalogSector = 19;
    private const int PathTableSector = 20;
    private const int RootSector = 22;
    private const int BootSector = 23;
    private const int ReadmeSector = 24;
    private const int FillerSector = 25;
    private const int PathTableSize = 10;
    private const int BannerOffset = 0x80;

    // 16-bit x86, loaded at 0000:7C00. Checked by booting it.
    private static ReadOnlySpan<byte> BootCode =>
    [
        0xFA,                         //       cli
        0x31, 0xC0,                   //       xor  ax, ax
        0x8E, 0xD8,                   //       mov  ds, ax
        0x8E, 0xD0,                   //       mov  ss, ax
        0xBC, 0x00, 0x7C,             //       mov  sp, 7C00
        0xFB,                         //       sti
        0xFC,                         //       cld
        0xEA, 0x11, 0x7C, 0x00, 0x00, //       jmp  0000:7C11      some firmware starts us at 07C0:0000
        0xB8, 0x03, 0x00,             //       mov  ax, 0003       text, 80 x 25
        0xCD, 0x10,                   //       int  10
        0xBA, 0xFB, 0x03,             //       mov  dx, 03FB       COM1 at 115200 baud, 8N1
        0xB0, 0x80,                   //       mov  al, 80
        0xEE,                         //       out  dx, al
        0xBA, 0xF8, 0x03,             //       mov  dx, 03F8
        0xB0, 0x01,                   //       mov  al, 01
        0xEE,                         //       out  dx, al
        0x42,                         //       inc  dx
        0x30, 0xC0,                   //       xor  al, al
        0xEE,                         //       out  dx, al
        0xBA, 0xFB, 0x03,             //       mov  dx, 03FB
        0xB0, 0x03,                   //       mov  al, 03
        0xEE,                         //       out  dx, al
        0xBE, 0x80, 0x7C,             //       mov  si, 7C80       the banner
        0xAC,                         // next: lodsb
        0x84, 0xC0,                   //       test al, al
        0x74, 0x19,                   //       jz   halt
        0x50,                         //       push ax
        0xB4, 0x0E,                   //       mov  ah, 0E         teletype
        0xBB, 0x07, 0x00,             //       mov  bx, 0007
        0xCD, 0x10,                   //       int  10
        0xBA, 0xFD, 0x03,             //       mov  dx, 03FD       line status
        0x31, 0xC9,                   //       xor  cx, cx         65536 looks, for a line that nobody reads
        0xEC,                         // wait: in   al, dx
        0xA8, 0x20,                   //       test al, 20
        0xE1, 0xFB,                   //       loopz wait
        0x58,                         //       pop  ax
        0xBA, 0xF8, 0x03,             //       mov  dx, 03F8
        0xEE,                         //       out  dx, al
        0xEB, 0xE2,                   //       jmp  next
        0xF4,                         // halt: hlt
        0xEB, 0xFD,                   //       jmp  halt
    ];

    /// <summary>The same arguments give the same bytes; another banner gives other filler.</summary>
    /// <param name="banner">Printable ASCII and line ends, at most <see cref="MaxBanner"/> bytes with each line end as two.</param>
    /// <param name="dataBytes">Size of the filler; 0 for none.</param>
    /// <param name="created">The time that the image names, 1900 to 2155.</param>
    /// <exception cref="ArgumentException">An argument is outside of what is said here.</exception>
    public static byte[] Build(string banner, int dataBytes, DateTimeOffset created)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dataBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataBytes, Array.MaxLength - (64 * SectorSize));
        created = created.ToUniversalTime();
        if (created.Year is < 1900 or > 2155)
        {
            throw new ArgumentOutOfRangeException(nameof(created), created, "ISO 9660 counts years from 1900 in one byte.");
        }

        var text = Encoding.ASCII.GetBytes(banner.ReplaceLineEndings("\r\n") + "\r\n");
        if (text.Length > MaxBanner || banner.Any(character => character is not ('\r' or '\n' or (>= ' ' and <= '~'))))
        {
            throw new ArgumentException($"The banner must be printable ASCII of at most {MaxBanner} bytes.", nameof(banner));
        }

        var sectors = FillerSector + (int)(((long)dataBytes + SectorSize - 1) / SectorSize);
        var image = new byte[(long)sectors * SectorSize];
        WriteDescriptors(image, sectors, created);
        WriteBootCatalog(Sector(image, CatalogSector));
        WritePathTables(image);

        var root = Sector(image, RootSector);
        root = root[WriteRecord(root, "\0"u8, RootSector, SectorSize, created, isDirectory: true)..];
        root = root[WriteRecord(root, "\u0001"u8, RootSector, SectorSize, created, isDirectory: true)..];
        root = root[WriteRecord(root, "BOOT.BIN;1"u8, BootSector, SectorSize, created)..];
        root = root[WriteRecord(root, "BOOT.CAT;1"u8, CatalogSector, SectorSize, created)..];
        root = dataBytes == 0 ? root : root[WriteRecord(root, "FILLER.BIN;1"u8, FillerSector, dataBytes, created)..];
        WriteRecord(root, "README.TXT;1"u8, ReadmeSector, text.Length, created);

        BootCode.CopyTo(Sector(image, BootSector));
        text.CopyTo(Sector(image, BootSector)[BannerOffset..]);
        text.CopyTo(Sector(image, ReadmeSector));
        Fill(image.AsSpan(FillerSector * SectorSize, dataBytes), text);
        return image;
    }

    private static Span<byte> Sector(byte[] image, int sector) => image.AsSpan(sector * SectorSize, SectorSize);

    /// <summary>Primary descriptor, boot record and terminator (ECMA-119 section 8, El Torito section 2.0).</summary>
    private static void WriteDescriptors(byte[] image, int sectors, DateTimeOffset created)
    {
        var primary = Descriptor(image, 0, type: 1);
        WriteText(primary.Slice(8, 32), "");
        WriteText(primary.Slice(40, 32), VolumeId);
        WriteBoth(primary[80..], (uint)sectors);
        WriteBoth(primary[120..], (ushort)1);
        WriteBoth(primary[124..], (ushort)1);
        WriteBoth(primary[128..], (ushort)SectorSize);
        WriteBoth(primary[132..], (uint)PathTableSize);
        BinaryPrimitives.WriteUInt32LittleEndian(primary[140..], PathTableSector);
        BinaryPrimitives.WriteUInt32BigEndian(primary[148..], PathTableSector + 1);
        WriteRecord(primary[156..], "\0"u8, RootSector, SectorSize, created, isDirectory: true);
        WriteText(primary.Slice(190, 128), "");
        WriteText(primary.Slice(318, 128), "ISOCATALOG");
        WriteText(primary.Slice(446, 128), "ISOCATALOG DEMO");
        WriteText(primary.Slice(574, 128), "");
        WriteText(primary.Slice(702, 111), "");
        WriteTime(primary.Slice(813, 17), created.ToString("yyyyMMddHHmmssff", CultureInfo.InvariantCulture));
        WriteTime(primary.Slice(830, 17), created.ToString("yyyyMMddHHmmssff", CultureInfo.InvariantCulture));
        WriteTime(primary.Slice(847, 17), new string('0', 16));
        WriteTime(primary.Slice(864, 17), new string('0', 16));
        primary[881] = 1;

        var boot = Descriptor(image, 1, type: 0);
        "EL TORITO SPECIFICATION"u8.CopyTo(boot[7..]);
        BinaryPrimitives.WriteUInt32LittleEndian(boot[71..], CatalogSector);

        Descriptor(image, 2, type: 255);
    }

    private static Span<byte> Descriptor(byte[] image, int index, byte type)
    {
        var sector = Sector(image, DescriptorSector + index);
        sector[0] = type;
        "CD001"u8.CopyTo(sector[1..]);
        sector[6] = 1;
        return sector;
    }

    /// <summary>Validation entry, and a default entry without emulation for BIOS (El Torito sections 2.1 and 2.2).</summary>
    private static void WriteBootCatalog(Span<byte> catalog)
    {
        catalog[0] = 1;
        catalog[30] = 0x55;
        catalog[31] = 0xAA;
        BinaryPrimitives.WriteUInt16LittleEndian(catalog[28..], unchecked((ushort)-(0x0001 + 0xAA55)));

        catalog[32] = 0x88;
        BinaryPrimitives.WriteUInt16LittleEndian(catalog[38..], SectorSize / 512);
        BinaryPrimitives.WriteUInt32LittleEndian(catalog[40..], BootSector);
    }

    /// <summary>One entry, the root, in either byte order (ECMA-119 section 9.4).</summary>
    private static void WritePathTables(byte[] image)
    {
        var little = Sector(image, PathTableSector);
        little[0] = 1;
        BinaryPrimitives.WriteUInt32LittleEndian(little[2..], RootSector);
        BinaryPrimitives.WriteUInt16LittleEndian(little[6..], 1);

        var big = Sector(image, PathTableSector + 1);
        big[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(big[2..], RootSector);
        BinaryPrimitives.WriteUInt16BigEndian(big[6..], 1);
    }

    /// <summary>A directory record (ECMA-119 section 9.1); returns its length.</summary>
    private static int WriteRecord(
        Span<byte> record, ReadOnlySpan<byte> name, int sector, int size, DateTimeOffset time, bool isDirectory = false)
    {
        var length = 33 + name.Length + (1 - (name.Length & 1));
        record[0] = (byte)length;
        WriteBoth(record[2..], (uint)sector);
        WriteBoth(record[10..], (uint)size);
        record[18] = (byte)(time.Year - 1900);
        record[19] = (byte)time.Month;
        record[20] = (byte)time.Day;
        record[21] = (byte)time.Hour;
        record[22] = (byte)time.Minute;
        record[23] = (byte)time.Second;
        record[25] = (byte)(isDirectory ? 2 : 0);
        WriteBoth(record[28..], (ushort)1);
        record[32] = (byte)name.Length;
        name.CopyTo(record[33..]);
        return length;
    }

    private static void WriteTime(Span<byte> field, string digits) => Encoding.ASCII.GetBytes(digits, field);

    private static void WriteText(Span<byte> field, string text)
    {
        field.Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, field);
    }

    private static void WriteBoth(Span<byte> field, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(field, value);
        BinaryPrimitives.WriteUInt32BigEndian(field[4..], value);
    }

    private static void WriteBoth(Span<byte> field, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(field, value);
        BinaryPrimitives.WriteUInt16BigEndian(field[2..], value);
    }

    /// <summary>Bytes that do not compress and in which no two blocks are alike: xorshift64* seeded by the FNV-1a hash of the text.</summary>
    private static void Fill(Span<byte> filler, ReadOnlySpan<byte> text)
    {
        var state = 0xCBF29CE484222325UL;
        foreach (var value in text)
        {
            state = (state ^ value) * 0x100000001B3UL;
        }

        state |= 1;
        Span<byte> word = stackalloc byte[8];
        while (filler.Length > 0)
        {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            BinaryPrimitives.WriteUInt64LittleEndian(word, state * 0x2545F4914F6CDD1DUL);
            var count = Math.Min(word.Length, filler.Length);
            word[..count].CopyTo(filler);
            filler = filler[count..];
        }
    }
}
