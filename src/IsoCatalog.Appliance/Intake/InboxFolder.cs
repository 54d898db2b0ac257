using IsoCatalog.Core.Images;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Intake;

/// <summary>Why the inbox as a whole does not do what it is for.</summary>
/// <param name="Code">One of <see cref="ReasonCode"/>.</param>
/// <param name="IsMissing">Nothing is there at all.</param>
internal sealed record InboxTrouble(string Code, string Reason, bool IsMissing = false);

/// <summary>
/// Looks at the folder of the inbox. What lies there was put there by anybody: nothing is followed, nothing is opened that is no file, and what is opened must be what was listed. Lists and
/// folders that did not change are not read again. Not thread-safe.
/// </summary>
internal sealed class InboxFolder(string path)
{
    /// <summary>More entries than this are not looked at; as files are taken up, others follow.</summary>
    public const int MaxEntries = 10_000;

    /// <summary>In all the folders of one folder.</summary>
    private const int MaxInside = 2_000;

    /// <summary>Names of images in folders that are kept, and bytes of lists, for the whole inbox.</summary>
    private const int MaxKept = 10_000;
    private const long MaxLists = 16 << 20;

    private const int MaxDepth = 8;

    private readonly Dictionary<string, (Receipt Seen, InboxFile Read)> _read = new(StringComparer.Ordinal);

    /// <summary>The folder at the last look.</summary>
    public Receipt Identity { get; private set; }

    /// <summary>It had no more than <see cref="MaxEntries"/>.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>What keeps it from being used at all, or from being emptied; null when nothing does.</summary>
    public static InboxTrouble? TroubleOf(string path)
    {
        try
        {
            return FileIdentity.KindBehind(path) switch
            {
                FileKind.Missing => Unlistable(path, "there is no such folder.", "Make it again, or mount what belongs there") with { IsMissing = true },
                not FileKind.Folder => Unlistable(path, "it is no folder.", "Put a folder there"),
                _ when FolderAccess.WhyNotListed(path) is { } why => Unlistable(path, why + ".", "Give the site's user the right to list and search it"),
                _ when FolderAccess.WhyNotChanged(path) is { } why => new InboxTrouble(
                    ReasonCode.InboxNotEmptied,
                    $"The inbox {path} cannot be emptied: {why}. What is dropped there is taken up once and stays. Give the site's user the right to write there, or mount it for writing; it goes on by itself."),
                _ => null,
            };
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            return Unlistable(path, e.Message, "Give the site's user the right to it");
        }
    }

    public static InboxTrouble Unlistable(string path, string why, string remedy) => new(
        ReasonCode.InboxUnlistable, $"The inbox {path} cannot be listed, so what is dropped there is not taken up: {why} {remedy}; it goes on by itself.");

    /// <summary>Folders are read again: what happens deeper in them shows nowhere. So is what could not be read.</summary>
    public void Forget()
    {
        foreach (var (name, _) in _read.Where(r => r.Value.Read is { Images: not null } or { Problem: not null }).ToList())
        {
            _read.Remove(name);
        }
    }

    /// <summary>All that lies there now.</summary>
    /// <param name="since">Since when something has been as it is.</param>
    /// <exception cref="IOException">It cannot be listed.</exception>
    public IReadOnlyList<InboxFile> List(Func<FolderEntry, DateTimeOffset> since)
    {
        var listing = FolderListing.Of(path, MaxEntries);
        (Identity, IsWhole) = (listing.Folder, listing.IsWhole);
        var files = listing.Entries.Select(e => Read(e) with { Since = since(e) }).ToList();
        foreach (var gone in _read.Keys.Except(files.Select(f => f.Name)).ToList())
        {
            _read.Remove(gone);
        }

        return files;
    }

    private InboxFile Read(FolderEntry entry)
    {
        if (!entry.IsUtf8 || entry.Problem is not null || InboxName.KindOf(entry.Name) is var kind && kind == InboxKind.Hidden
            || (entry.Kind != FileKind.Folder && !(entry.Kind == FileKind.Regular && kind == InboxKind.Checksums)))
        {
            return new InboxFile(entry, default);
        }

        if (!_read.TryGetValue(entry.Name, out var known) || known.Seen != entry.Seen)
        {
            _read[entry.Name] = known = (entry.Seen, entry.Kind == FileKind.Folder ? LookInto(entry) : ReadList(entry));
        }

        return known.Read with { Entry = entry };
    }

    private InboxFile ReadList(FolderEntry entry)
    {
        try
        {
            using var file = DurableFile.OpenRead(Path.Combine(path, entry.Name));
            if (FileIdentity.KindOf(file) != FileKind.Regular || FileIdentity.Of(file, default) != entry.Seen)
            {
                return new InboxFile(entry, default, Problem: "it changed while it was read.");
            }

            if (entry.Seen.Size > ChecksumList.MaxLength)
            {
                return new InboxFile(entry, default, Problem: $"it is longer than {ChecksumList.MaxLength:N0} bytes.");
            }

            if (_read.Values.Where(r => r.Read.List is not null).Sum(r => r.Seen.Size) + entry.Seen.Size > MaxLists)
            {
                return new InboxFile(entry, default, Problem: $"all lists of the inbox together are longer than {MaxLists:N0} bytes.");
            }

            var content = new byte[entry.Seen.Size];
            var length = 0;
            for (int count; length < content.Length && (count = RandomAccess.Read(file, content.AsSpan(length), length)) > 0;)
            {
                length += count;
            }

            return ChecksumList.Parse(content.AsSpan(0, length)) is { } list ? new InboxFile(entry, default, List: list) : new InboxFile(entry, default, Problem: "it is no text.");
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            return new InboxFile(entry, default, Problem: e.Message);
        }
    }

    /// <summary>Which images are in a folder, by their names alone.</summary>
    private InboxFile LookInto(FolderEntry entry)
    {
        var images = new List<string>();
        var (left, problem) = (Math.Min(MaxInside, MaxKept - _read.Values.Sum(r => r.Read.Images?.Count ?? 0)), (string?)null);
        Into(entry.Name, entry.Seen, 1);
        return new InboxFile(entry, default, images, Problem: problem);

        void Into(string folder, Receipt seen, int depth)
        {
            try
            {
                // A folder that was replaced by a link since is another one: what it has is not told.
                var inside = FolderListing.Of(Path.Combine(path, folder), Math.Max(left, 1));
                if ((inside.Folder.Device, inside.Folder.Inode) != (seen.Device, seen.Inode))
                {
                    return;
                }

                left -= inside.Entries.Count;
                var folders = inside.Entries.Where(i => i is { Kind: FileKind.Folder, IsUtf8: true } && InboxName.KindOf(i.Name) != InboxKind.Hidden).ToList();
                problem ??= !inside.IsWhole || (left <= 0 && folders.Count > 0) ? "it has too many entries to look at all."
                    : depth == MaxDepth && folders.Count > 0 ? $"it has folders within folders, more than {MaxDepth}."
                    : null;
                images.AddRange(inside.Entries.Where(i => i.Kind == FileKind.Regular && InboxName.IsImage(i.Name)).Select(i => Path.Combine(folder, i.Name)));
                foreach (var below in folders.Where(_ => depth < MaxDepth && left > 0))
                {
                    Into(Path.Combine(folder, below.Name), below.Seen, depth + 1);
                }
            }
            catch (Exception e) when (DiskFault.IsOutside(e))
            {
                problem ??= e.Message;
            }
        }
    }
}
