using System.Globalization;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Folders;

/// <summary>
/// A folder that shows images under their names, and what the appliance keeps hidden in or near it, on the same file system, in
/// <c>.isocatalog</c> (0700): <c>own/&lt;name&gt;</c> (<see cref="OwnedFile"/>), <c>&lt;root&gt;.part</c> (staged), <c>&lt;name&gt;.going</c>
/// (being withdrawn), <c>retired/</c> (withdrawn, but clients may still have it open) and <c>foreign/</c> (files that somebody had put where ours
/// was; kept until an operator removes them).
/// </summary>
/// <param name="path">What clients see.</param>
/// <param name="hiddenIn">The folder that <c>.isocatalog</c> is in; null for <paramref name="path"/> itself.</param>
/// <param name="retires">Withdrawn files are kept in <c>retired/</c> until <see cref="CleanRetired"/>, instead of being deleted at once.</param>
/// <param name="logger">Tells what was moved aside.</param>
internal sealed class FolderLayout(string path, string? hiddenIn, bool retires, ILogger? logger)
{
    public const string HiddenName = ".isocatalog";
    private const string PartSuffix = ".part";
    private const string GoingSuffix = ".going";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Path { get; } = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));

    public string Hidden { get; } = System.IO.Path.Combine(System.IO.Path.GetFullPath(hiddenIn ?? path), HiddenName);

    public string Retired => System.IO.Path.Combine(Hidden, "retired");

    public string Foreign => System.IO.Path.Combine(Hidden, "foreign");

    private string OwnFolder => System.IO.Path.Combine(Hidden, "own");

    public string PartOf(StoredImage image) => System.IO.Path.Combine(Hidden, image.Root + PartSuffix);

    /// <exception cref="ArgumentException">The name could leave the folder: a bug of the caller, who checks names.</exception>
    public string NameOf(StoredImage image) =>
        image.FileName.Length > 0 && image.FileName[0] != '.' && !image.FileName.AsSpan().ContainsAny('/', '\0')
            ? System.IO.Path.Combine(Path, image.FileName)
            : throw new ArgumentException($"'{image.FileName}' is not a file name.", nameof(image));

    public void CreateHidden()
    {
        CreatePrivate(Hidden);
        CreatePrivate(OwnFolder);
    }

    /// <summary>Entries that a client sees, the first <paramref name="limit"/> of them, as far as their names can be written in UTF-8.</summary>
    public IEnumerable<string> VisibleNames(int limit) => Directory.EnumerateFileSystemEntries(Path)
        .Select(entry => System.IO.Path.GetFileName(entry))
        .Where(name => name is not (HiddenName or "lost+found"))
        .Take(limit);

    public IEnumerable<string> ForeignKept() =>
        Directory.Exists(Foreign) ? Directory.EnumerateFileSystemEntries(Foreign) : [];

    /// <summary>Null when this process may write where clients see it.</summary>
    public SurfaceOutcome.Refused? WriteRefusal() =>
        FreeSpace.Of(Path).ReadOnly
            ? new(ReasonCode.SurfaceReadOnly, $"{Path} is mounted read-only. Mount it read-write on the appliance's host.", Retryable: true)
            : Libc.Access(Libc.AtFdCwd, Path, Libc.MayWriteAndSearch, Libc.AtEffectiveAccess) != 0
                ? new(ReasonCode.SurfaceReadOnly, $"The appliance may not write to {Path}. Give its user the right to.", Retryable: true)
                : null;

    public OwnedFile? OwnNote(string fileName) => OwnedFile.Read(OwnPath(fileName));

    public void WriteOwnNote(StoredImage image, in FileStat stat) => OwnedFile.Of(image, stat).Write(OwnPath(image.FileName));

    public void DeleteOwnNote(string fileName) => DurableFile.Delete(OwnPath(fileName));

    /// <summary>Removes what a crash left behind. Only files that no client ever saw, or that were on their way out.</summary>
    public void Clean(IReadOnlySet<string> partsInUse)
    {
        foreach (var entry in Directory.GetFiles(Hidden))
        {
            if (entry.EndsWith(GoingSuffix, StringComparison.Ordinal))
            {
                Settle(entry, System.IO.Path.GetFileName(entry)[..^GoingSuffix.Length], null);
            }
            else if ((entry.EndsWith(PartSuffix, StringComparison.Ordinal) && !partsInUse.Contains(entry)) || IsTemporary(entry))
            {
                DurableFile.Delete(entry);
            }
        }

        foreach (var entry in Directory.GetFiles(OwnFolder).Where(IsTemporary))
        {
            DurableFile.Delete(entry);
        }
    }

    /// <summary>Deletes withdrawn files that were renamed away before <paramref name="before"/>, and whose names <paramref name="mayGo"/> says yes to.</summary>
    public void CleanRetired(DateTimeOffset before, Func<string, DateTimeOffset, bool> mayGo)
    {
        if (!Directory.Exists(Retired))
        {
            return;
        }

        foreach (var entry in Directory.GetFiles(Retired))
        {
            // The rename moved ctime, on every file system that vdsm is used with.
            var renamed = DateTimeOffset.UnixEpoch.AddTicks(FileStat.Of(entry).ChangedNs / 100);
            var name = System.IO.Path.GetFileName(entry);
            if (renamed < before && mayGo(name[..(name.LastIndexOf(".iso.", StringComparison.OrdinalIgnoreCase) is var end and >= 0 ? end + 4 : name.Length)], renamed))
            {
                DurableFile.Delete(entry);
            }
        }
    }

    /// <summary>Takes what lies at an image's name out of sight in one step, and only then looks at what it is: ours is deleted, anything
    /// else is kept in <see cref="Foreign"/>. Missing is fine.</summary>
    public void TakeAway(StoredImage image, Receipt? published)
    {
        var name = NameOf(image);
        var going = System.IO.Path.Combine(Hidden, image.FileName + GoingSuffix);
        if (FileIdentity.KindOf(going) != FileKind.Missing)
        {
            Settle(going, image.FileName, published);
        }

        if (FileIdentity.KindOf(name) == FileKind.Missing)
        {
            return;
        }

        if (!DurableFile.RenameNoReplace(name, going))
        {
            throw new IOException($"{going} is in the way.");
        }

        Settle(going, image.FileName, published);
    }

    /// <summary>Whether the file is one that this volume published for the name.</summary>
    public static bool IsOurs(in FileStat stat, OwnedFile? note, Receipt? published) =>
        note?.Is(stat) == true || (published is { } receipt && stat.Kind == FileKind.Regular && SameFile(stat, receipt));

    /// <summary>Unchanged since the receipt. The device number is left out: it is given anew at each mount or boot, and the marker says
    /// more surely that this is the same file system. So is ctime where the inode is shared with the store: other links to it move that.</summary>
    public static bool Agrees(in FileStat stat, Receipt receipt, bool shared) =>
        stat.Kind == FileKind.Regular && SameFile(stat, receipt) && (shared || stat.ChangedNs == receipt.ChangedNs);

    private static bool SameFile(in FileStat stat, Receipt receipt) =>
        (stat.Inode, stat.Size, stat.ModifiedNs) == (receipt.Inode, receipt.Size, receipt.ModifiedNs);

    private static bool IsTemporary(string entry) => entry.EndsWith(".tmp", StringComparison.Ordinal);

    private string OwnPath(string fileName) => System.IO.Path.Combine(OwnFolder, fileName);

    private void Settle(string going, string fileName, Receipt? published)
    {
        var stat = FileStat.Of(going);
        if (!IsOurs(stat, OwnNote(fileName), published))
        {
            var kept = MoveAside(going, Foreign, fileName, stat);
            if (logger is not null)
            {
                Log.ForeignKept(logger, System.IO.Path.Combine(Path, fileName), kept);
            }
        }
        else if (retires)
        {
            MoveAside(going, Retired, fileName, stat);
        }
        else
        {
            DurableFile.Delete(going);
        }
    }

    private static string MoveAside(string file, string folder, string fileName, in FileStat stat)
    {
        CreatePrivate(folder);
        var plain = System.IO.Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{fileName}.{stat.Inode}"));
        var kept = plain;
        for (var attempt = 2; !DurableFile.RenameNoReplace(file, kept); attempt++)
        {
            kept = string.Create(CultureInfo.InvariantCulture, $"{plain}.{attempt}");
        }

        return kept;
    }

    private static void CreatePrivate(string folder)
    {
        if (FileIdentity.KindOf(folder) == FileKind.Missing)
        {
            DurableFile.CreateFolder(folder, Private);
        }
    }
}
