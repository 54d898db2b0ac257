using System.Globalization;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Folders;

/// <summary>
/// A <see cref="FolderLayout"/> that is held open for one operation. Every file and folder of ours is looked up in the handle of the folder above it, so that a link
/// that somebody puts there leads nowhere: whoever may write to an export could otherwise have files elsewhere deleted, written or moved. Used by one at a time.
/// </summary>
internal sealed class OpenFolder(FolderLayout layout, IReadOnlyList<FolderHandle> way, FolderHandle hiddenIn, ILogger? logger) : IDisposable
{
    public const string PartSuffix = ".part";

    private const string GoingSuffix = ".going";
    private const string OwnName = "own";
    private const string RetiredName = "retired";
    private const string ForeignName = "foreign";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FolderHandle _visible = way[^1];
    private readonly Dictionary<string, FolderHandle> _inHidden = new(StringComparer.Ordinal);
    private FolderHandle? _hidden;

    /// <summary>The folders from the root down to what clients see.</summary>
    public IReadOnlyList<FolderHandle> Way => way;

    /// <summary>What clients see, for calls that take a path.</summary>
    public string Visible => _visible.Path;

    /// <summary>Owners say nothing here: see <see cref="FileSystemKind.MapsOwners"/>.</summary>
    public bool MapsOwners => hiddenIn.MapsOwners;

    /// <summary>Null while there is none yet.</summary>
    /// <exception cref="StrangeFolderException">It is not ours.</exception>
    private FolderHandle? Hidden => _hidden ??= hiddenIn.OwnBelow(FolderLayout.HiddenName);

    private FolderHandle HiddenMade => Hidden ?? throw new DirectoryNotFoundException($"{layout.Hidden} is missing.");

    public string At(StoredImage image) => _visible[FolderLayout.Checked(image)];

    public string PartOf(StoredImage image) => HiddenMade[FolderLayout.PartName(image)];

    public FileStat StatOf(StoredImage image) => FileStat.Of(At(image));

    /// <summary>Where a file of the hidden folder is; null while there is no such folder.</summary>
    public string? InHidden(string name) => Hidden?[name];

    public void CreateHidden()
    {
        if (Hidden is null)
        {
            DurableFile.CreateFolder(hiddenIn[FolderLayout.HiddenName], Private);
        }

        _ = Made(OwnName);
    }

    public void SyncHidden() => DurableFile.SyncFolder(HiddenMade.Path);

    /// <summary>Entries that a client sees, the first <paramref name="limit"/> of them, as far as their names can be written in UTF-8.</summary>
    public IEnumerable<string> VisibleNames(int limit) => _visible.Names().Where(name => name is not (FolderLayout.HiddenName or "lost+found")).Take(limit);

    public FileStat StatOf(string visibleName) => FileStat.Of(_visible[visibleName]);

    /// <summary>As people know them.</summary>
    public IEnumerable<string> ForeignKept() => InHiddenOrNull(ForeignName) is { } foreign ? foreign.Names().Select(foreign.Shown) : [];

    public OwnedFile? OwnNote(string fileName) => InHiddenOrNull(OwnName) is { } own ? OwnedFile.Read(own[fileName]) : null;

    public void WriteOwnNote(StoredImage image, in FileStat stat) => OwnedFile.Of(image, stat).Write(Made(OwnName)[image.FileName]);

    public void DeleteOwnNote(string fileName)
    {
        if (InHiddenOrNull(OwnName) is { } own)
        {
            DurableFile.Delete(own[fileName]);
        }
    }

    /// <summary>Removes what a crash left behind. Only files that no client ever saw, or that were on their way out.</summary>
    /// <param name="partsInUse">Names.</param>
    public void Clean(IReadOnlySet<string> partsInUse)
    {
        foreach (var name in HiddenMade.Names().ToList())
        {
            if (name.EndsWith(GoingSuffix, StringComparison.Ordinal) && name[..^GoingSuffix.Length] is not ("" or "." or ".."))
            {
                Settle(name, name[..^GoingSuffix.Length], null);
            }
            else if ((name.EndsWith(PartSuffix, StringComparison.Ordinal) && !partsInUse.Contains(name)) || IsTemporary(name))
            {
                DeleteFile(HiddenMade[name]);
            }
        }

        foreach (var name in Made(OwnName).Names().Where(IsTemporary).ToList())
        {
            DeleteFile(Made(OwnName)[name]);
        }
    }

    /// <summary>Withdrawn files that are kept. The rename moved ctime, on every file system that vdsm is used with.</summary>
    public IReadOnlyList<RetiredFile> Retired() => InHiddenOrNull(RetiredName) is not { } retired ? [] :
    [
        .. retired.Names().ToList().Select(name => (Name: name, Stat: FileStat.Of(retired[name]))).Where(file => file.Stat.Kind == FileKind.Regular)
            .Select(file => new RetiredFile(
                file.Name,
                file.Name[..(file.Name.LastIndexOf(".iso.", StringComparison.OrdinalIgnoreCase) is var end and >= 0 ? end + 4 : file.Name.Length)],
                retired.Shown(file.Name),
                file.Stat.Size,
                DateTimeOffset.UnixEpoch.AddTicks(file.Stat.ChangedNs / 100))),
    ];

    public void DeleteRetired(RetiredFile file)
    {
        if (InHiddenOrNull(RetiredName) is { } retired)
        {
            DurableFile.Delete(retired[file.Name]);
        }
    }

    /// <summary>Takes what lies at an image's name out of sight in one step, and only then looks at what it is: ours is deleted, anything
    /// else is kept in <c>foreign/</c>. Missing is fine.</summary>
    public void TakeAway(StoredImage image, Receipt? published)
    {
        var going = image.FileName + GoingSuffix;
        if (FileIdentity.KindOf(HiddenMade[going]) != FileKind.Missing)
        {
            Settle(going, image.FileName, published);
        }

        if (StatOf(image).Kind == FileKind.Missing)
        {
            return;
        }

        if (!DurableFile.RenameNoReplace(At(image), HiddenMade[going]))
        {
            throw new IOException($"{HiddenMade.Shown(going)} is in the way.");
        }

        Settle(going, image.FileName, published);
    }

    public void Dispose()
    {
        foreach (var handle in _inHidden.Values)
        {
            handle.Dispose();
        }

        _hidden?.Dispose();
        foreach (var handle in way)
        {
            handle.Dispose();
        }
    }

    private static bool IsTemporary(string name) => name.EndsWith(".tmp", StringComparison.Ordinal);

    // A folder with such a name is nobody's business but that of who made it.
    private static void DeleteFile(string path)
    {
        if (FileIdentity.KindOf(path) != FileKind.Folder)
        {
            DurableFile.Delete(path);
        }
    }

    private FolderHandle? InHiddenOrNull(string name)
    {
        if (!_inHidden.TryGetValue(name, out var opened) && Hidden?.OwnBelow(name) is { } found)
        {
            _inHidden.Add(name, opened = found);
        }

        return opened;
    }

    private FolderHandle Made(string name)
    {
        if (InHiddenOrNull(name) is { } there)
        {
            return there;
        }

        DurableFile.CreateFolder(HiddenMade[name], Private);
        return InHiddenOrNull(name) ?? throw new DirectoryNotFoundException($"{HiddenMade.Shown(name)} is missing.");
    }

    private void Settle(string going, string fileName, Receipt? published)
    {
        var stat = FileStat.Of(HiddenMade[going]);
        if (!FolderLayout.IsOurs(stat, OwnNote(fileName), published))
        {
            var kept = MoveAside(going, ForeignName, fileName, stat);
            if (logger is not null)
            {
                Log.ForeignKept(logger, System.IO.Path.Combine(layout.Path, fileName), kept);
            }
        }
        else if (layout.Retires)
        {
            MoveAside(going, RetiredName, fileName, stat);
        }
        else
        {
            DurableFile.Delete(HiddenMade[going]);
        }
    }

    private string MoveAside(string file, string folderName, string fileName, in FileStat stat)
    {
        var folder = Made(folderName);
        var plain = string.Create(CultureInfo.InvariantCulture, $"{fileName}.{stat.Inode}");
        var kept = plain;
        for (var attempt = 2; !DurableFile.RenameNoReplace(HiddenMade[file], folder[kept]); attempt++)
        {
            kept = string.Create(CultureInfo.InvariantCulture, $"{plain}.{attempt}");
        }

        return folder.Shown(kept);
    }
}

/// <param name="Name">In the folder of withdrawn files.</param>
/// <param name="FileName">Under which clients saw it.</param>
/// <param name="Path">As people know it.</param>
/// <param name="Withdrawn">When it was taken out of their sight.</param>
internal sealed record RetiredFile(string Name, string FileName, string Path, long Size, DateTimeOffset Withdrawn);
