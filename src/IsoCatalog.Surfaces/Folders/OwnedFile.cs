using System.Globalization;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Surfaces.Folders;

/// <summary>
/// The volume's own note of which inode it published under a name: written before the file becomes visible, removed after it is gone, so that
/// after a crash, or a lost database, our files are never taken for foreign ones nor foreign ones for ours. It says whose a file is, never
/// that its bytes are right.
/// </summary>
/// <remarks>The birth time is there because some file systems give an inode number out again at once; it is 0 where there is none.</remarks>
internal sealed record OwnedFile(ImageId Image, Sha256Digest Root, ulong Inode, long BornNs, long Size, long ModifiedNs)
{
    public static OwnedFile Of(StoredImage image, in FileStat stat) =>
        new(image.Id, image.Root, stat.Inode, stat.BornNs, stat.Size, stat.ModifiedNs);

    /// <summary>Null when there is no note, or none that can be understood.</summary>
    public static OwnedFile? Read(string path)
    {
        var values = KeyedText.Read(path);
        return values is not null
            && ImageId.TryParse(values.GetValueOrDefault("image"), out var image)
            && Sha256Digest.TryParse(values.GetValueOrDefault("root"), out var root)
            && ulong.TryParse(values.GetValueOrDefault("inode"), CultureInfo.InvariantCulture, out var inode)
            && long.TryParse(values.GetValueOrDefault("born"), CultureInfo.InvariantCulture, out var born)
            && long.TryParse(values.GetValueOrDefault("size"), CultureInfo.InvariantCulture, out var size)
            && long.TryParse(values.GetValueOrDefault("modified"), CultureInfo.InvariantCulture, out var modified)
            ? new OwnedFile(image, root, inode, born, size, modified)
            : null;
    }

    public void Write(string path) => KeyedText.Write(
        path,
        ("image", Image.ToString()),
        ("root", Root.ToString()),
        ("inode", Inode.ToString(CultureInfo.InvariantCulture)),
        ("born", BornNs.ToString(CultureInfo.InvariantCulture)),
        ("size", Size.ToString(CultureInfo.InvariantCulture)),
        ("modified", ModifiedNs.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The file is the one we published, edited or not. Without birth times an edited one counts as not ours.</summary>
    public bool Is(in FileStat stat) => stat.Kind == FileKind.Regular && stat.Inode == Inode
        && (BornNs != 0 && stat.BornNs != 0 ? stat.BornNs == BornNs : HasOurTimes(stat));

    /// <summary>Surely another file, though its inode may have the number of ours.</summary>
    public bool IsAnother(in FileStat stat) => stat.Inode != Inode || (BornNs != 0 && stat.BornNs != 0 && stat.BornNs != BornNs);

    /// <summary>It is ours and nobody wrote to it, as far as size and mtime tell.</summary>
    public bool IsUntouched(in FileStat stat) => Is(stat) && HasOurTimes(stat);

    private bool HasOurTimes(in FileStat stat) => stat.Size == Size && stat.ModifiedNs == ModifiedNs;
}
