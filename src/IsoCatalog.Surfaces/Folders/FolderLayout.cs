using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Folders;

/// <summary>
/// A folder that shows images under their names, and what the appliance keeps hidden in or near it, on the same file system, in
/// <c>.isocatalog</c> (0700): <c>own/&lt;name&gt;</c> (<see cref="OwnedFile"/>), <c>&lt;root&gt;.part</c> (staged), <c>&lt;name&gt;.going</c>
/// (being withdrawn), <c>retired/</c> (withdrawn, but clients may still have it open) and <c>foreign/</c> (files that somebody had put where ours
/// was; kept until an operator removes them). This says where things are; what is done there is done through an <see cref="OpenFolder"/>.
/// </summary>
/// <param name="root">A folder that the operator named: links on the way to it are followed.</param>
/// <param name="below">Folders below it, one in the other, down to what clients see; none of them may be a link.</param>
/// <param name="hiddenAbove">How many of them above what clients see <c>.isocatalog</c> is.</param>
/// <param name="retires">Withdrawn files are kept in <c>retired/</c> until <see cref="OpenFolder.DeleteRetired"/>, instead of being deleted at once.</param>
/// <param name="logger">Tells what was moved aside.</param>
internal sealed class FolderLayout(string root, IReadOnlyList<string> below, int hiddenAbove, bool retires, ILogger? logger)
{
    public const string HiddenName = ".isocatalog";

    private readonly string _root = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(root));

    public string Path => Of(below.Count);

    public string Hidden => System.IO.Path.Combine(Of(below.Count - hiddenAbove), HiddenName);

    public bool Retires => retires;

    /// <exception cref="ArgumentException">The name could leave the folder: a bug of the caller, who checks names.</exception>
    public string NameOf(StoredImage image) => System.IO.Path.Combine(Path, Checked(image));

    public string PartOf(StoredImage image) => System.IO.Path.Combine(Hidden, PartName(image));

    public static string PartName(StoredImage image) => image.Root + OpenFolder.PartSuffix;

    public static string Checked(StoredImage image) =>
        image.FileName.Length > 0 && image.FileName[0] != '.' && !image.FileName.AsSpan().ContainsAny('/', '\0')
            ? image.FileName
            : throw new ArgumentException($"'{image.FileName}' is not a file name.", nameof(image));

    /// <summary>Opens what is there, for one operation. Null when a folder on the way is missing, or is a link.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public OpenFolder? Open()
    {
        var way = new List<FolderHandle>();
        try
        {
            for (var next = FolderHandle.Open(_root); next is not null; next = way[^1].Below(below[way.Count - 1]))
            {
                way.Add(next);
                if (way.Count == below.Count + 1)
                {
                    return new OpenFolder(this, way, way[^(1 + hiddenAbove)], logger);
                }
            }
        }
        catch (StrangeFolderException)
        {
            // Whose folders these are says what is wrong with them.
        }
        catch
        {
            way.ForEach(handle => handle.Dispose());
            throw;
        }

        way.ForEach(handle => handle.Dispose());
        return null;
    }

    /// <summary>Null when this process may write where clients see it.</summary>
    public SurfaceOutcome.Refused? WriteRefusal() =>
        FreeSpace.Of(Path).ReadOnly
            ? new(ReasonCode.SurfaceReadOnly, $"{Path} is mounted read-only. Mount it read-write on the appliance's host.", Retryable: true)
            : Libc.Access(Libc.AtFdCwd, Path, Libc.MayWriteAndSearch, Libc.AtEffectiveAccess) != 0
                ? new(ReasonCode.SurfaceReadOnly, $"The appliance may not write to {Path}. Give its user the right to.", Retryable: true)
                : null;

    /// <summary>Unchanged since the receipt. The device number is left out: it is given anew at each mount or boot, and the marker says
    /// more surely that this is the same file system. So is ctime where the inode is shared with the store: other links to it move that.</summary>
    public static bool Agrees(in FileStat stat, Receipt receipt, bool shared) =>
        stat.Kind == FileKind.Regular && SameFile(stat, receipt) && (shared || stat.ChangedNs == receipt.ChangedNs);

    /// <summary>Whether the file is one that this volume published for the name.</summary>
    public static bool IsOurs(in FileStat stat, OwnedFile? note, Receipt? published) =>
        note?.Is(stat) == true || (published is { } receipt && stat.Kind == FileKind.Regular && SameFile(stat, receipt));

    private static bool SameFile(in FileStat stat, Receipt receipt) =>
        (stat.Inode, stat.Size, stat.ModifiedNs) == (receipt.Inode, receipt.Size, receipt.ModifiedNs);

    private string Of(int depth) => System.IO.Path.Combine([_root, .. below.Take(depth)]);
}
