using System.Text.RegularExpressions;

namespace IsoCatalog.Appliance.Intake;

/// <summary>What the name of a file in the inbox says that it is. Pure.</summary>
internal enum InboxKind
{
    /// <summary>Ends with .iso.</summary>
    Image,

    /// <summary>What a program writes to, or keeps beside it, until a download or a copy is whole.</summary>
    Unfinished,

    /// <summary>A list of SHA-256.</summary>
    Checksums,

    /// <summary>Something else that publishers put beside an image, and that is not looked at.</summary>
    Companion,

    /// <summary>Kept by desktops, file systems and sync programs for themselves: a dot in front, and no image.</summary>
    Hidden,

    Other,
}

/// <inheritdoc cref="InboxKind"/>
internal static partial class InboxName
{
    /// <summary>Of any text: it may not be a name at all.</summary>
    public static InboxKind KindOf(string name) =>
        name.Length == 0 ? InboxKind.Other
        : UnfinishedName().IsMatch(name) ? InboxKind.Unfinished
        : SystemName().IsMatch(name) ? InboxKind.Hidden
        : name[0] == '.' ? HiddenImage().IsMatch(name) ? InboxKind.Other : InboxKind.Hidden
        : IsImage(name) ? InboxKind.Image
        : CompanionTail().IsMatch(name) ? InboxKind.Companion
        : ChecksumName().IsMatch(name) ? InboxKind.Checksums
        : OtherChecksumName().IsMatch(name) || TextTail().IsMatch(name) ? InboxKind.Companion
        : InboxKind.Other;

    public static bool IsImage(string name) => name.EndsWith(".iso", StringComparison.OrdinalIgnoreCase);

    /// <summary>Is this the work of somebody who is not done with that image? What begins with the image's name and is nothing else that is known is taken to be so.</summary>
    /// <param name="kind">Of the name.</param>
    /// <param name="name">Beside the image.</param>
    /// <param name="image">A name that ends with .iso.</param>
    /// <param name="inside">The images in it, when it is a folder.</param>
    public static bool HoldsBack(InboxKind kind, string name, string image, IEnumerable<string> inside) => Work.Of(kind, name, inside).IsOn(image);

    /// <summary>Is a list of checksums about this one image alone, by its name?</summary>
    public static bool IsChecksumOf(string name, string image) => IsOf(name, image) || (IsOf(name, image[..^4]) && ChecksumTail().IsMatch(name[(image.Length - 4)..]));

    /// <summary>The image whose unfinished work, or whose packed or split form, is called so; null when the name does not say.</summary>
    public static string? ImageOf(string name) => InsideName().Match(Bare(name)) is { Success: true } match ? match.Groups["image"].Value : null;

    /// <summary>What it is instead of an image, in words; null when the name could be one's.</summary>
    public static string? Instead(string name) => KindOf(name) switch
    {
        InboxKind.Unfinished => "an unfinished download or copy is called so",
        InboxKind.Checksums => "a list of checksums is called so",
        InboxKind.Companion when PackedTail().IsMatch(name) => "a packed file is called so: unpack it, and add what is inside",
        InboxKind.Companion => "something that belongs to an image is called so, and no image",
        _ => null,
    };

    /// <summary>Does it say how far a download is, and never hold the image?</summary>
    public static bool IsControl(string name) => ControlTail().IsMatch(name);

    private static bool Is(string name, string other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>A name that goes on after that of the image.</summary>
    private static bool IsOf(string name, string image) =>
        name.Length > image.Length && name.StartsWith(image, StringComparison.OrdinalIgnoreCase) && !char.IsAsciiLetterOrDigit(name[image.Length]);

    private static string Bare(string name) => InFront().Replace(name, "");

    [GeneratedRegex(@"\A(\.syncthing\.|~syncthing~|\.unison\.|\.in\.|\.~lock\.|~\$|\.)", Rules)]
    private static partial Regex InFront();

    /// <summary>
    /// Browsers, download programs, sync and transfer programs: a tail (Firefox, KDE, Nextcloud .part; Chrome and Edge .crdownload; Opera; Safari; aria2, axel, lftp; uTorrent, qBittorrent, BitComet;
    /// Free Download Manager, DownThemAll, Xunlei; Resilio Sync; WinSCP, rclone, Cyberduck), something in front (Syncthing, Unison, ProFTPD, Pure-FTPd, GIO), or rsync's dot and six letters.
    /// </summary>
    [GeneratedRegex(
        @"\.(part|parts|partial|filepart|part\.minio|part\.met|crdownload|opdownload|download|downloading|fdmdownload|dtapart|xltd|xltd\.cfg|td|td\.cfg|aria2|aria2__temp|st|lftp-pget-status"
        + @"|!ut|!qb|!bt|bc!|ut!|!sync|bts|tmp|temp|incomplete|unfinished|upload|uploading|cyberduckpart|cyberducksegment|ytdl|wget)\z"
        + @"|\A(~syncthing~|\.syncthing\.|\.unison\.|\.pureftpd-upload\.|\.goutputstream-|\.in\.)|\A\.~tmp~\z|\A\.rsync-partial\z"
        + @"|\A\..+\.[a-z0-9]{6}\z|\A\..+\.iso[^a-z0-9].*\z",
        Rules)]
    private static partial Regex UnfinishedName();

    [GeneratedRegex(@"\.(aria2|aria2__temp|st|lftp-pget-status|td\.cfg|xltd\.cfg|part\.met|part\.minio|ytdl|bts|sw[a-p])\z", Rules)]
    private static partial Regex ControlTail();

    [GeneratedRegex(@"\A\..*\.iso\z", Rules)]
    private static partial Regex HiddenImage();

    /// <summary>What file systems, desktops and storage systems put into every folder.</summary>
    [GeneratedRegex(@"\A(lost\+found|system volume information|\$recycle\.bin|recycler|@eadir|#recycle|#snapshot|thumbs\.db|desktop\.ini)\z", Rules)]
    private static partial Regex SystemName();

    /// <summary>Signatures, descriptions, ways to download, and other forms of the image.</summary>
    [GeneratedRegex(
        @"\.(asc|sig|sign|gpg|pgp|minisig|crt|pem|torrent|zsync|meta4|metalink|jigdo|template|bmap|md|json|xml|yaml|html?|list|manifest|contents|packages|log|nfo|url|bak|old|orig|[0-9]{1,3}"
        + @"|gz|xz|zst|bz2|lz4|lzma|zip|7z|rar|tar|tgz)\z|~\z",
        Rules)]
    private static partial Regex CompanionTail();

    [GeneratedRegex(@"\.txt\z", Rules)]
    private static partial Regex TextTail();

    [GeneratedRegex(@"\.(gz|xz|zst|bz2|lz4|lzma|zip|7z|rar|tar|tgz)\z", Rules)]
    private static partial Regex PackedTail();

    [GeneratedRegex(@"(\A|[._ -])(sha-?256(sums?)?|checksums?|digests?)(\z|[._ -])", Rules)]
    private static partial Regex ChecksumName();

    [GeneratedRegex(@"\A[._-](sha-?256(sums?)?|checksums?|digests?)([._-].*)?\z", Rules)]
    private static partial Regex ChecksumTail();

    [GeneratedRegex(@"(\A|[._ -])((md5|sha-?1|sha-?224|sha-?384|sha-?512|sha3-?[0-9]*|b2|b3|blake2[bs]?|blake3|rmd160)(sums?)?|crc32|sfv|whirlpool)(\z|[._ -])", Rules)]
    private static partial Regex OtherChecksumName();

    [GeneratedRegex(@"\A(?<image>.+\.iso)[^a-z0-9]", Rules)]
    private static partial Regex InsideName();

    [GeneratedRegex(@"\A(?<stem>.+)\.[a-z0-9_-]{8}\.iso\.part\z", Rules)]
    private static partial Regex FirefoxTail();

    /// <summary>What a name says of the work that is done there, taken apart once for all images beside it.</summary>
    internal sealed record Work
    {
        private InboxKind _kind;
        private string _name = "";
        private string? _firefox;
        private HashSet<string> _inside = [];

        public static Work Of(InboxKind kind, string name, IEnumerable<string> inside) => kind is not InboxKind.Unfinished ? new Work { _kind = kind, _name = name } : new Work
        {
            _kind = kind,
            _name = Bare(name),

            // Firefox keeps a place for x.iso with an empty file, and writes to x.Ab3dEf12.iso.part.
            _firefox = FirefoxTail().Match(name) is { Success: true } match ? match.Groups["stem"].Value + ".iso" : null,
            _inside = inside.Select(i => Path.GetFileName(i)).ToHashSet(StringComparer.OrdinalIgnoreCase),
        };

        public bool IsOn(string image) => _kind switch
        {
            InboxKind.Unfinished => IsOf(_name, image) || Is(_name, image) || (_firefox is not null && Is(_firefox, image)) || _inside.Contains(image),
            InboxKind.Other => IsOf(_name, image),
            _ => false,
        };
    }

    private const RegexOptions Rules = RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;
}
