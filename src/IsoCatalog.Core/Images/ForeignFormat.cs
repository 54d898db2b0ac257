namespace IsoCatalog.Core.Images;

/// <summary>Says what a file that is no image probably is, since the commonest mistakes are a compressed file and an error page.</summary>
internal static class ForeignFormat
{
    public static string Describe(ImageWindow window)
    {
        Span<byte> head = stackalloc byte[(int)Math.Min(window.Length, 512)];
        if (!window.TryRead(0, head))
        {
            head = [];
        }

        const string NoVolume = "The file has neither an ISO 9660 nor a UDF volume at sector 16 (byte 32768)";
        return Recognise(head) is { } kind
            ? $"{NoVolume}: it looks like {kind}"
            : window.Length < 17 * IsoReader.SectorSize
                ? $"{NoVolume}: it ends at byte {window.Length}. If it should be an image, copy or download it again."
                : $"{NoVolume}. If it should be an image, it is damaged or of another kind: take it from its source again.";
    }

    private static string? Recognise(ReadOnlySpan<byte> head)
    {
        const string Unpack = "unpack it and add the .iso inside.";
        const string Disk = "it cannot be mounted as a CD.";
        return head switch
        {
            [0x1F, 0x8B, ..] => $"a gzip file: {Unpack}",
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => $"an xz file: {Unpack}",
            [0x28, 0xB5, 0x2F, 0xFD, ..] => $"a Zstandard file: {Unpack}",
            [(byte)'B', (byte)'Z', (byte)'h', ..] => $"a bzip2 file: {Unpack}",
            [(byte)'P', (byte)'K', 3, 4, ..] => $"a ZIP file: {Unpack}",
            [(byte)'7', (byte)'z', 0xBC, 0xAF, ..] => $"a 7-Zip file: {Unpack}",
            [(byte)'Q', (byte)'F', (byte)'I', 0xFB, ..] => $"a qcow2 disk: {Disk}",
            [(byte)'K', (byte)'D', (byte)'M', (byte)'V', ..] => $"a VMware disk: {Disk}",
            [0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, ..] =>
                "a raw CD dump with sectors of 2352 bytes: convert it to 2048 (for instance with bchunk).",
            [(byte)'d', >= (byte)'1' and <= (byte)'9', ..] when head.IndexOf("announce"u8) >= 0 || head.IndexOf("4:info"u8) >= 0 =>
                "a torrent file: add what it describes instead.",
            _ => IsMarkup(head) ? "a web page: the address probably answered with an error or a login page. Check it." : null,
        };
    }

    private static bool IsMarkup(ReadOnlySpan<byte> head)
    {
        var text = head.TrimStart(" \t\r\n\uFEFF"u8);
        return text.Length > 5 && text[0] == '<' && (text[1] is (byte)'!' or (byte)'?' || (text[1] | 0x20) == 'h');
    }
}
