using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Surfaces.Folders;

/// <summary>Compares what a client sees with what it should see. Reads no image bytes.</summary>
internal sealed class FolderObservation(FolderLayout folder, FolderStaging staging)
{
    private const int MaxForeign = 100;

    /// <exception cref="IOException">The folder could not be read.</exception>
    public IReadOnlyList<SurfaceFinding> Observe(OpenFolder open, IReadOnlyCollection<PublishedImage> expected, CancellationToken cancellationToken)
    {
        var findings = new List<SurfaceFinding>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (image, evidence) in expected)
        {
            cancellationToken.ThrowIfCancellationRequested();
            known.Add(image.FileName);
            var name = folder.NameOf(image);
            var stat = open.StatOf(image);
            if (stat.Kind == FileKind.Missing)
            {
                findings.Add(new SurfaceFinding(image.Id, ReasonCode.FileMissing, $"{name} is missing."));
            }
            else if (!FolderLayout.Agrees(stat, FileIdentity.In(evidence), staging.IsShared(stat.Inode, image)))
            {
                findings.Add(new SurfaceFinding(image.Id, ReasonCode.FileChanged, $"{name} is not as it was when its hash was verified."));
            }
        }

        AddOthers(open, known, findings);
        return findings;
    }

    private void AddOthers(OpenFolder open, HashSet<string> known, List<SurfaceFinding> findings)
    {
        var foreign = 0;
        foreach (var name in open.VisibleNames(int.MaxValue).Where(name => !known.Contains(name)))
        {
            var path = Printable(Path.Combine(folder.Path, name));
            if (open.OwnNote(name) is { } note && note.Is(open.StatOf(name)))
            {
                findings.Add(new SurfaceFinding(note.Image, ReasonCode.NotYetPublished, $"{path} is visible though it should not be; it is withdrawn."));
            }
            else if (++foreign <= MaxForeign)
            {
                findings.Add(new SurfaceFinding(null, ReasonCode.ForeignFile, $"{path} is not ours: clients see a file that nobody verified. Move it away."));
            }
        }

        if (foreign > MaxForeign)
        {
            findings.Add(new SurfaceFinding(
                null, ReasonCode.ForeignFile, $"{folder.Path} has {foreign - MaxForeign:N0} more files that are not ours.", folder.Path));
        }

        findings.AddRange(open.ForeignKept().Take(MaxForeign).Select(kept => new SurfaceFinding(
            null, ReasonCode.ForeignFile, $"{Printable(kept)} was in the place of a published image and was moved here. Delete it when nobody needs it.")));
    }

    /// <summary>A foreign name may hold line breaks or terminal sequences.</summary>
    public static string Printable(string path) => string.Create(path.Length, path, (span, text) =>
    {
        for (var index = 0; index < span.Length; index++)
        {
            span[index] = char.IsControl(text[index]) ? '?' : text[index];
        }
    });
}
