using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Folders;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>An ISO storage domain on the disk, as vdsm lays it out: <c>&lt;export&gt;/&lt;domain&gt;/dom_md/metadata</c> and
/// <c>images/11111111-1111-1111-1111-111111111111/</c>, whose files are the images. Read only: what vdsm writes is never touched.</summary>
internal sealed class IsoDomain(string export, Guid domain)
{
    /// <summary>The one image folder of every ISO domain.</summary>
    public const string ImageFolder = "11111111-1111-1111-1111-111111111111";

    /// <summary>vdsm's user and group; qemu's group may read as well.</summary>
    public const uint Vdsm = 36;
    public const uint Kvm = 36;
    public const uint Qemu = 107;

    /// <summary>Whom NFS names when it does not know the owner's name.</summary>
    private const uint Nobody = 65534;

    private const int MaxMetadata = 64 << 10;

    public string Export { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(export));

    /// <summary>The folders below the export, one in the other, down to the images' own.</summary>
    public IReadOnlyList<string> Way { get; } = [domain.ToString("D"), "images", ImageFolder];

    public string Folder => Path.Combine(Export, Way[0]);

    /// <summary>Where staging lies: vdsm looks here for names that are UUIDs alone.</summary>
    public string Images => Path.Combine(Folder, Way[1]);

    public string Files => Path.Combine(Images, ImageFolder);

    private string Metadata => Path.Combine(Folder, "dom_md", "metadata");

    /// <summary>Null when this really is the domain; asked before every step, so that nothing is ever written under an empty mount point.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    /// <param name="open">The domain's folders as they were opened for the step that is to come; null when one of them is not there.</param>
    public SurfaceOutcome.Refused? Absence(OpenFolder? open)
    {
        if (FileIdentity.KindOf(Export + "/.") != FileKind.Folder)
        {
            return Missing($"There is no folder {Export}. Mount the ISO domain's export there.");
        }

        if (FileStat.Of(Metadata).Kind != FileKind.Regular)
        {
            return Missing(
                FileIdentity.KindOf(Folder) == FileKind.Missing
                    ? $"{Export} has no storage domain {domain:D} in it: is the export mounted, and is the domain's id right?"
                    : $"{Folder} has no dom_md/metadata: it is not a storage domain. Is the export mounted?");
        }

        return Contradiction(SmallFile.ReadText(open is null ? Metadata : Path.Combine(open.Way[1].Path, "dom_md", "metadata"), MaxMetadata)) ?? Layout(open);
    }

    private SurfaceOutcome.Refused? Contradiction(string metadata)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in metadata.Split('\n'))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                values.TryAdd(line[..equals].Trim(), line[(equals + 1)..].Trim());
            }
        }

        var (type, id) = (values.GetValueOrDefault("CLASS"), values.GetValueOrDefault("SDUUID"));
        return !string.Equals(id, domain.ToString("D"), StringComparison.OrdinalIgnoreCase)
                ? Missing($"{Metadata} says that this is the storage domain {Shown(id)}, not {domain:D}. Mount the right export, or correct the domain's id.")
            : type != "Iso"
                ? Missing($"{Metadata} says that this is a domain of class {Shown(type)}, not Iso: images are not published in it.")
            : null;
    }

    private SurfaceOutcome.Refused? Layout(OpenFolder? open)
    {
        if (open is null)
        {
            var strange = new[] { Folder, Images, Files }.FirstOrDefault(folder => FileStat.Of(folder).Kind != FileKind.Folder);
            return Missing(strange is null
                ? $"{Files} was not there for a moment: it is looked at again."
                : $"{strange} is not a folder (a link is not followed there): this is not how vdsm lays out an ISO domain.");
        }

        var (outer, inner) = (open.Way[2].Stat, open.Way[3].Stat);
        return outer.Device != inner.Device
                ? Missing($"{Files} is on another file system than {Images}: images could not be moved into it in one step. Mount the whole export.")
            : Enumerable.Range(0, open.Way.Count).Select(depth => Closed(open, depth)).FirstOrDefault(closed => closed is not null);
    }

    /// <summary>Hosts list the last folder, and go through the others; what is above the export is not on their way.</summary>
    private SurfaceOutcome.Refused? Closed(OpenFolder open, int depth)
    {
        var (handle, path) = (open.Way[depth], Path.Combine([Export, .. Way.Take(depth)]));
        var stat = handle.Stat;
        return IsOpenToVdsm(handle.Path, stat, list: depth == Way.Count)
            ? null
            : new(
                ReasonCode.DomainUnlistable,
                $"{path} has mode {Octal(stat.Mode)} and owner {stat.User}:{stat.Group}: vdsm (36:36) cannot {(depth == Way.Count ? "list it" : "enter it, so hosts list nothing of the domain")}. "
                + $"Run: chown 36:36 {ShellWord.Of(path)}; chmod 0755 {ShellWord.Of(path)}",
                Retryable: true);
    }

    /// <summary>By owner and mode, for user vdsm, who is 36 in the groups kvm and qemu. What a list of access rights says, or an owner that a server did not tell, is not
    /// known here, and not held against the folder.</summary>
    /// <param name="path">Of it.</param>
    /// <param name="stat">What stat said.</param>
    /// <param name="list">To list it too, and not only to go through.</param>
    /// <param name="enter">To look at what is in it.</param>
    public static bool IsOpenToVdsm(string path, in FileStat stat, bool list, bool enter = true)
    {
        var rights = (int)stat.Mode >> (stat.User == Vdsm ? 6 : stat.Group is Kvm or Qemu ? 3 : 0);
        return ((!list || (rights & 4) != 0) && (!enter || (rights & 1) != 0)) || stat.User is Nobody || Libc.HasAcl(path);
    }

    public static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    private static string Shown(string? value) =>
        string.IsNullOrEmpty(value) ? "(none)" : Folders.FolderObservation.Printable(ShownText.Cut(value, 100));

    private static SurfaceOutcome.Refused Missing(string reason) => new(ReasonCode.SurfaceMissing, reason, Retryable: true);
}
