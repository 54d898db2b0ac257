using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Folders;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>What vdsm would say of the folder, by its own rules (FileStorageDomain.getFileList, validateQemuReadable), so that the reason is known
/// before the engine says "images not supported error". Reads names and stats, no bytes.</summary>
internal sealed record DomainListing(IReadOnlyList<DomainEntry> Entries)
{
    private const int MaxEntries = 20_000;
    private const int MaxDepth = 8;

    /// <summary>The names that virtual machines can be given.</summary>
    public IEnumerable<string> Listed => Entries.Where(e => e.Fate is EntryFate.Listed or EntryFate.NotMountable).Select(e => e.Name);

    /// <summary>Why the whole listing would fail, for every client; null when it would not.</summary>
    public string? Breaker(string folder)
    {
        var breaker = Entries.FirstOrDefault(e => e.Fate == EntryFate.BreaksAll);
        return breaker is null ? null
            : $"{Shown(folder, breaker.Name)} is a link that leads nowhere: because of it the engine cannot list the domain at all. Remove it.";
    }

    /// <param name="folder">Where.</param>
    /// <param name="known">Names of which something is said already.</param>
    public IEnumerable<SurfaceFinding> Findings(string folder, IReadOnlySet<string> known) => Entries
        .Where(e => e.Fate is not EntryFate.Listed && !known.Contains(e.Name))
        .Take(100)
        .Select(e => e.Fate == EntryFate.BreaksAll
            ? new SurfaceFinding(null, ReasonCode.DomainUnlistable, Breaker(folder)!)
            : new SurfaceFinding(null, ReasonCode.ForeignFile, $"{Shown(folder, e.Name)}: {e.Why}"));

    /// <exception cref="IOException">A folder could not be read.</exception>
    public static DomainListing Of(string folder, CancellationToken cancellationToken)
    {
        var entries = new List<DomainEntry>();
        Walk(folder, "", 0, entries, cancellationToken);
        return new DomainListing(entries);
    }

    /// <summary>What becomes of one entry.</summary>
    /// <param name="name">Relative to the folder.</param>
    /// <param name="stat">Of the entry itself.</param>
    /// <param name="followed">Of what it leads to; the same when it is no link.</param>
    public static DomainEntry Judge(string name, in FileStat stat, in FileStat followed) =>
        stat.Kind == FileKind.Link && followed.Kind == FileKind.Missing
            ? new(name, EntryFate.BreaksAll, "the link leads nowhere.")
        : stat.Kind == FileKind.Link
            ? new(name, EntryFate.NotMountable, "it is a symbolic link; if it ever leads nowhere, the engine lists nothing of this domain. Put the file itself there.")
        : !MayRead(followed)
            ? new(
                name,
                EntryFate.Dropped,
                $"with mode {IsoDomain.Octal(followed.Mode)} and owner {followed.User}:{followed.Group} qemu may not read it, and the engine leaves it out. "
                + "Run: chmod 0644, or chown 36:36 and chmod 0640.")
        : name.Contains('/', StringComparison.Ordinal)
            ? new(name, EntryFate.NotMountable, "it is in a folder: the engine lists it, and no virtual machine can mount it. Move it up.")
        : new(name, EntryFate.Listed, "");

    /// <summary>vdsm's rule: by the group and mode alone, whoever the owner is.</summary>
    public static bool MayRead(in FileStat stat) =>
        (stat.Group is IsoDomain.Kvm or IsoDomain.Qemu && stat.Mode.HasFlag(UnixFileMode.GroupRead)) || stat.Mode.HasFlag(UnixFileMode.OtherRead);

    private static void Walk(string folder, string prefix, int depth, List<DomainEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entries.Count >= MaxEntries)
            {
                return;
            }

            var name = prefix + Path.GetFileName(path);
            var stat = FileStat.Of(path);
            if (stat.Kind == FileKind.Folder)
            {
                if (depth < MaxDepth)
                {
                    Walk(path, name + "/", depth + 1, entries, cancellationToken);
                }
            }
            else if (stat.Kind != FileKind.Missing)
            {
                entries.Add(Judge(name, stat, stat.Kind == FileKind.Link ? FileStat.Followed(path) : stat));
            }
        }
    }

    private static string Shown(string folder, string name) => FolderObservation.Printable(Path.Combine(folder, name));
}

/// <param name="Name">Relative to the folder.</param>
/// <param name="Why">For an operator; empty when it is listed.</param>
internal sealed record DomainEntry(string Name, EntryFate Fate, string Why);

internal enum EntryFate
{
    Listed,

    /// <summary>Listed, but a virtual machine that gets it finds an empty drive, or may.</summary>
    NotMountable,

    /// <summary>Left out by the engine.</summary>
    Dropped,

    /// <summary>Because of it nothing at all is listed.</summary>
    BreaksAll,
}
