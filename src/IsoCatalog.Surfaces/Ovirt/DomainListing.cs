using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Folders;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>What vdsm would say of the folder, by its own rules (FileStorageDomain.getFileList, simpleWalk, validateQemuReadable), so that the reason is known
/// before the engine says "images not supported error". Reads names and stats, no bytes. What this process may not look at is an entry of its own, and hides no other.</summary>
internal sealed record DomainListing(IReadOnlyList<DomainEntry> Entries)
{
    private const int MaxEntries = 20_000;
    private const int MaxDepth = 8;

    /// <summary>The names that virtual machines can be given.</summary>
    public IEnumerable<string> Listed => Entries.Where(e => e.Fate is EntryFate.Listed or EntryFate.NotMountable && !e.Unseen).Select(e => e.Name);

    /// <summary>Whether a name that is not here would be, if there were such a file.</summary>
    public bool Sees(string name) =>
        !Entries.Any(e => e.Unseen && (e.Name.Length == 0 || name == e.Name || name.StartsWith(e.Name + "/", StringComparison.Ordinal)));

    /// <summary>Why the whole listing would fail, for every client; null when it would not.</summary>
    public string? Breaker(string folder)
    {
        var breakers = Entries.Where(e => e.Fate == EntryFate.BreaksAll).ToList();
        return breakers.Count == 0 ? null
            : Said(folder, breakers[0]) + (breakers.Count > 1 ? $" There are {breakers.Count - 1:N0} more such entries." : "");
    }

    /// <param name="folder">Where.</param>
    /// <param name="known">Names of which something is said already.</param>
    public IEnumerable<SurfaceFinding> Findings(string folder, IReadOnlySet<string> known) => Entries
        .Where(e => e.Fate is not EntryFate.Listed && !known.Contains(e.Name))
        .OrderBy(e => e.Fate != EntryFate.BreaksAll)
        .Take(100)
        .Select(e => new SurfaceFinding(null, e.Fate == EntryFate.BreaksAll ? ReasonCode.DomainUnlistable : ReasonCode.ForeignFile, Said(folder, e)));

    /// <exception cref="IOException">The folder itself could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not.</exception>
    public static DomainListing Of(string folder, CancellationToken cancellationToken)
    {
        var walk = new Walk(folder, cancellationToken);
        walk.Into(folder, "", 0);
        return new DomainListing(walk.Entries);
    }

    /// <summary>What becomes of one entry.</summary>
    /// <param name="name">Relative to the folder.</param>
    /// <param name="stat">Of the entry itself.</param>
    /// <param name="followed">Of what it leads to; the same when it is no link.</param>
    public static DomainEntry Judge(string name, in FileStat stat, in FileStat followed) =>
        stat.Kind == FileKind.Link && followed.Kind == FileKind.Missing
            ? new(name, EntryFate.BreaksAll, "it is a link that leads nowhere.", "Run: rm {path}")
        : stat.Kind == FileKind.Link
            ? new(name, EntryFate.NotMountable, "it is a symbolic link; if it ever leads nowhere, on any host, the engine lists nothing of this domain. Put the file itself there.")
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

    private static string Said(string folder, DomainEntry entry)
    {
        var path = Path.Combine(folder, entry.Name);
        var breaks = entry.Fate == EntryFate.BreaksAll ? " Because of it the engine can list nothing of this domain." : "";
        return $"{FolderObservation.Printable(path)}: {entry.Why}{breaks} {entry.Remedy
            .Replace("{path}", ShellWord.Of(path), StringComparison.Ordinal).Replace("{folder}", ShellWord.Of(folder), StringComparison.Ordinal)}".TrimEnd();
    }

    /// <param name="top">What is listed.</param>
    private sealed class Walk(string top, CancellationToken cancellationToken)
    {
        private readonly HashSet<string> _nameless = new(StringComparer.Ordinal);

        public List<DomainEntry> Entries { get; } = [];

        /// <summary>What cannot be seen in it, or at all, is an entry.</summary>
        public void Into(string folder, string name, int depth)
        {
            List<string> paths;
            try
            {
                paths = [.. Directory.EnumerateFileSystemEntries(folder).Take(MaxEntries - Entries.Count + 1)];
            }
            catch (Exception exception) when (depth > 0 && DiskFault.IsOutside(exception))
            {
                if (exception is not DirectoryNotFoundException)
                {
                    Unseen(name, $"what is in this folder cannot be looked at ({exception.Message.TrimEnd('.')}).");
                }

                return;
            }

            foreach (var path in paths)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Entries.Count >= MaxEntries)
                {
                    if (!Entries[^1].Unseen)
                    {
                        Unseen("", $"more than {MaxEntries:N0} entries are in it, and what follows is not looked at.");
                    }

                    break;
                }

                Entry(path, (name.Length == 0 ? "" : name + "/") + Path.GetFileName(path), depth);
            }
        }

        private void Entry(string path, string name, int depth)
        {
            FileStat stat;
            FileStat followed;
            try
            {
                stat = FileStat.Of(path);
                followed = stat.Kind == FileKind.Link ? FileStat.Followed(path) : stat;
            }
            catch (IOException exception)
            {
                Unseen(name, $"it cannot be looked at ({exception.Message.TrimEnd('.')}).");
                return;
            }

            if (stat.Kind == FileKind.Folder)
            {
                Folder(path, name, stat, depth);
            }
            else if (stat.Kind == FileKind.Missing)
            {
                // It went away just now, unless its name was not understood: ioprocess decodes names strictly, and ends over one that is not UTF-8.
                if (name.Contains('\uFFFD', StringComparison.Ordinal) && _nameless.Add(Path.GetDirectoryName(path)!))
                {
                    Nameless(Path.GetDirectoryName(path)!);
                }
            }
            else
            {
                Entries.Add(followed.Kind != FileKind.Missing && stat.Kind == FileKind.Link && !IsReachable(path)
                    ? new DomainEntry(name, EntryFate.BreaksAll, "it is a link to where vdsm (36:36) may not go.", "Put the file itself there, or run: rm {path}")
                    : Judge(name, stat, followed));
            }
        }

        /// <summary>.NET does not know such names. A pattern in the command would have other files too.</summary>
        private void Nameless(string parent) => Entries.AddRange(
            FolderListing.Of(parent, MaxEntries).Entries.Where(e => !e.IsUtf8).Select(e => Path.Combine(parent, e.Name)).Select(path => new DomainEntry(
                Path.GetRelativePath(top, path), EntryFate.BreaksAll, "its name is not UTF-8.", $"Rename it: mv -nT {ShellWord.OfUndecoded(path)} {{folder}}/renamed.iso")));

        /// <summary>A folder is listed, and each thing in it is looked at.</summary>
        private void Folder(string path, string name, in FileStat stat, int depth)
        {
            var mayList = IsoDomain.IsOpenToVdsm(path, stat, list: true, enter: false);
            var mayEnter = IsoDomain.IsOpenToVdsm(path, stat, list: false);
            if (mayList && mayEnter && depth + 1 > MaxDepth)
            {
                Unseen(name, $"this folder is deeper than {MaxDepth} others and is not looked into.");
            }
            else if (!mayList || (!mayEnter && !IsEmpty(path)))
            {
                Entries.Add(new DomainEntry(
                    name,
                    EntryFate.BreaksAll,
                    $"with mode {IsoDomain.Octal(stat.Mode)} and owner {stat.User}:{stat.Group} vdsm (36:36) cannot look into this folder.",
                    "Run: chmod 0755 {path} - or move it out of {folder}.",
                    Unseen: true));
            }
            else
            {
                Into(path, name, depth + 1);
            }
        }

        private static bool IsEmpty(string folder)
        {
            try
            {
                return !Directory.EnumerateFileSystemEntries(folder).Any();
            }
            catch (Exception exception) when (DiskFault.IsOutside(exception))
            {
                return false;
            }
        }

        /// <summary>A link is followed by whoever looks at it. The folders above the top one are on no host's way, or were looked at already.</summary>
        private bool IsReachable(string link)
        {
            try
            {
                for (var up = Path.GetDirectoryName(new FileInfo(link).ResolveLinkTarget(returnFinalTarget: true)?.FullName); up is not null; up = Path.GetDirectoryName(up))
                {
                    if (up != top && !top.StartsWith(up.TrimEnd('/') + "/", StringComparison.Ordinal) && !IsoDomain.IsOpenToVdsm(up, FileStat.Of(up), list: false))
                    {
                        return false;
                    }
                }
            }
            catch (Exception exception) when (DiskFault.IsOutside(exception))
            {
                // It went away, and is looked at again at the next look.
            }

            return true;
        }

        private void Unseen(string name, string why) => Entries.Add(new DomainEntry(name, EntryFate.NotMountable, why, Unseen: true));
    }
}

/// <param name="Name">Relative to the folder; empty for the folder itself.</param>
/// <param name="Why">For an operator; empty when it is listed.</param>
/// <param name="Remedy">What to run, with <c>{path}</c> and <c>{folder}</c> in it.</param>
/// <param name="Unseen">What is in it, or that it is there at all, could not be looked at: hosts may list more there.</param>
internal sealed record DomainEntry(string Name, EntryFate Fate, string Why, string Remedy = "", bool Unseen = false);

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
