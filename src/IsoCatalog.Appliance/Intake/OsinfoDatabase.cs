using System.Collections.Immutable;
using System.IO.Enumeration;
using System.Xml;
using IsoCatalog.Core.Images;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Intake;

/// <summary>
/// The rules of osinfo-db on this machine, where it is installed: read at the first add, and again when a file of it has changed. Its folders are looked at in their order; a file of a later one
/// replaces the one of the same name (as libosinfo does), so that an operator's rules in /etc/osinfo count. What cannot be read is left out, with a warning in the log. Thread-safe.
/// </summary>
internal sealed class OsinfoDatabase(IReadOnlyList<string> folders, ILogger<OsinfoDatabase> log)
{
    /// <summary>In all folders together; osinfo-db has 800 that count.</summary>
    private const int MaxFiles = 5000;

    private const long MaxFileBytes = 1 << 20;

    /// <summary>So many are said one by one.</summary>
    private const int MaxWarnings = 20;

    private static readonly string[] Parts = ["os", "datamap"];

    private static readonly EnumerationOptions Listing = new() { RecurseSubdirectories = true, MaxRecursionDepth = 3, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };

    private readonly Lock _gate = new();
    private ImmutableArray<SeenFile> _seen = [];
    private IReadOnlyList<ImageRule> _rules = [];

    /// <summary>Where packages, an administrator and the site's own user keep it, as libosinfo looks for it.</summary>
    public static IReadOnlyList<string> UsualFolders { get; } =
    [
        "/usr/share/osinfo", "/usr/local/share/osinfo", "/etc/osinfo",
        .. Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData) is { Length: > 0 } own ? [Path.Combine(own, "osinfo")] : (string[])[],
    ];

    /// <summary>What the image is; null where neither the database nor our own table knows.</summary>
    public RecognizedImage? Recognize(IsoMetadata iso, string fileName)
    {
        var found = ImageRecognizer.Recognize(iso, fileName, Rules());
        if (found.Slow.Count > 0)
        {
            Drop(found.Slow);
        }

        return found.Image;
    }

    /// <summary>What took too long once is not tried at every add, until the files change.</summary>
    private void Drop(IReadOnlyList<string> slow)
    {
        lock (_gate)
        {
            _rules = [.. _rules.Where(r => !new[] { r.VolumeId, r.SystemId, r.PublisherId, r.ApplicationId, r.Language }.Any(p => p is not null && slow.Contains(p.Text)))];
        }

        foreach (var pattern in slow)
        {
            Log.SlowPattern(log, pattern);
        }
    }

    private IReadOnlyList<ImageRule> Rules()
    {
        lock (_gate)
        {
            var seen = Look();
            if (!seen.SequenceEqual(_seen))
            {
                (_seen, _rules) = (seen, Read(seen));
            }

            return _rules;
        }
    }

    private ImmutableArray<SeenFile> Look()
    {
        var files = new SortedDictionary<string, SeenFile>(StringComparer.Ordinal);
        foreach (var folder in folders)
        {
            foreach (var part in Parts.Select(p => Path.Combine(folder, p)))
            {
                try
                {
                    foreach (var file in Directory.Exists(part) ? Files(part) : Enumerable.Empty<SeenFile>())
                    {
                        var name = Path.GetRelativePath(folder, file.Path);
                        if (files.Count < MaxFiles || files.ContainsKey(name))
                        {
                            files[name] = file;
                        }
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // A folder that goes while it is listed is one that is not there.
                }
            }
        }

        return [.. files.Values];
    }

    /// <summary>Links to files are followed, those to folders are not: they may lead in a circle.</summary>
    private static FileSystemEnumerable<SeenFile> Files(string folder) => new(folder, Seen, Listing)
    {
        ShouldIncludePredicate = static (ref e) => !e.IsDirectory && e.FileName.EndsWith(".xml"),
        ShouldRecursePredicate = static (ref e) => !e.Attributes.HasFlag(FileAttributes.ReparsePoint),
    };

    private static SeenFile Seen(ref FileSystemEntry entry)
    {
        var path = entry.ToSpecifiedFullPath();
        return entry.Attributes.HasFlag(FileAttributes.ReparsePoint) && File.ResolveLinkTarget(path, returnFinalTarget: true) is FileInfo { Exists: true } target
            ? new SeenFile(path, target.Length, target.LastWriteTimeUtc.Ticks)
            : new SeenFile(path, entry.Length, entry.LastWriteTimeUtc.Ticks);
    }

    private IReadOnlyList<ImageRule> Read(ImmutableArray<SeenFile> files)
    {
        var (database, warnings) = (new OsinfoXml(), 0);
        foreach (var file in files)
        {
            if (Problem(database, file) is { } problem && warnings++ < MaxWarnings)
            {
                Log.NoOsinfo(log, file.Path, problem);
            }
        }

        if (warnings > MaxWarnings)
        {
            Log.MoreNoOsinfo(log, warnings - MaxWarnings);
        }

        var rules = database.Rules();
        Log.Osinfo(log, rules.Count, files.Length);
        return rules;
    }

    private static string? Problem(OsinfoXml database, SeenFile seen)
    {
        try
        {
            // Opening anything else may wait for ever.
            var path = File.ResolveLinkTarget(seen.Path, returnFinalTarget: true)?.FullName ?? seen.Path;
            if (FileIdentity.KindOf(path) != FileKind.Regular)
            {
                return "it is not a regular file";
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return file.Length > MaxFileBytes ? $"it has {file.Length} bytes, {MaxFileBytes} are allowed"
                : database.Add(file) is { Count: > 0 } problems ? $"{problems[0]}{(problems.Count > 1 ? $" (and {problems.Count - 1} more)" : "")}"
                : null;
        }
        catch (Exception e) when (e is XmlException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return e.Message;
        }
    }

    private sealed record SeenFile(string Path, long Length, long Written);
}
