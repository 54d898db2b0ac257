using IsoCatalog.Appliance.Wording;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Images;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Intake;

/// <summary>What lies in the inbox under one name.</summary>
/// <param name="Entry">What it is.</param>
/// <param name="Since">Since when it has been seen exactly so.</param>
/// <param name="Images">The names of images in it, when it is a folder; of all its folders too.</param>
/// <param name="List">What it says, when it is a list of checksums that could be read.</param>
/// <param name="Problem">Why the folder could not be looked into, or the list not read.</param>
internal sealed record InboxFile(FolderEntry Entry, DateTimeOffset Since, IReadOnlyList<string>? Images = null, ChecksumList? List = null, string? Problem = null)
{
    public string Name => Entry.Name;

    public IReadOnlyList<string> Inside => Images ?? [];
}

/// <summary>The SHA-256 that an image must have, and who says so.</summary>
/// <param name="By">In words.</param>
internal sealed record ExpectedHash(Sha256Digest Sha256, string By);

/// <summary>What is to be done with a file of the inbox.</summary>
internal abstract record InboxVerdict
{
    private InboxVerdict()
    {
    }

    /// <summary>Nothing beside it is against taking it up.</summary>
    public sealed record Take(ExpectedHash? Expected) : InboxVerdict;

    /// <summary>It is not complete, as far as one can see.</summary>
    /// <param name="Reason">For drift, once nothing has moved for long; null while it may be quiet in a moment.</param>
    /// <param name="Since">When something last moved.</param>
    public sealed record Wait(string? Reason, DateTimeOffset Since) : InboxVerdict;

    /// <summary>It is never taken up as it is.</summary>
    public sealed record PassOver(string Reason) : InboxVerdict;

    /// <summary>There is nothing to say about it.</summary>
    public sealed record Leave : InboxVerdict;
}

/// <summary>What a listing of the inbox means. Pure.</summary>
internal static class InboxPlan
{
    /// <summary>A copy program that closes and reopens does so at once; this long without a change means done.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    /// <summary>What is not complete and has not moved for so long is drift.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <param name="folder">The inbox's path, for the words.</param>
    /// <param name="catalog">The SHA-256 of the image that has a file name in the catalog; null when none has.</param>
    public static IReadOnlyList<(InboxFile File, InboxVerdict Verdict)> Of(
        string folder, IReadOnlyList<InboxFile> files, Func<string, Sha256Digest?> catalog, DateTimeOffset now, Func<InboxFile, bool>? isTaken = null)
    {
        var look = new Look(folder, files, catalog, isTaken ?? (static _ => false), now);
        return [.. look.Files.Select(f => (f.File, Judge(look, f.File, f.Kind)))];
    }

    private static InboxVerdict Judge(Look look, InboxFile file, InboxKind named)
    {
        var path = look.Shown(file);
        return (file.Entry, named) switch
        {
            ({ Problem: { } problem }, _) => new InboxVerdict.PassOver($"{path} cannot be looked at: {problem}. Give the site's user the right to it, or move it away."),
            (_, InboxKind.Hidden) => new InboxVerdict.Leave(),
            ({ IsUtf8: false }, _) => new InboxVerdict.PassOver(
                $"{path} has a name that is no UTF-8 (each byte that is none is written here as \\x and two digits), so it is not taken up. Rename it, such as with 'ls -b' and mv, or with convmv."),
            ({ Kind: FileKind.Folder }, var kind) => OfFolder(file, path, kind),
            ({ Kind: not FileKind.Regular }, _) => new InboxVerdict.PassOver(
                $"{path} is {SourceKind.Called(file.Entry.Kind)}, and the inbox takes files only: nothing is read through it. {SourceKind.Remedy(file.Entry.Kind, "put it here")}"),
            (_, InboxKind.Unfinished) => new InboxVerdict.Wait(
                $"{path} is what an unfinished download or copy is called, and has not moved since. If nothing is at it any more, start that again, or delete it"
                + $"{(InboxName.ImageOf(file.Name) is { } image && !InboxName.IsControl(file.Name) && !look.Lies(image) ? $"; if it is whole, rename it to {Plain.Text(image)}" : "")}.",
                file.Since),
            (_, InboxKind.Checksums) => OfChecksums(look, file, path),
            (_, InboxKind.Image) => OfImage(look, file, path),
            (_, InboxKind.Companion) => new InboxVerdict.PassOver($"{path} is not taken up: {InboxName.Instead(file.Name)}. It is not looked at; move it away when nobody needs it here."),
            _ when look.Images.Any(i => InboxName.HoldsBack(named, file.Name, i.Name, [])) => new InboxVerdict.Leave(),
            _ when file.Name[0] == '.' => new InboxVerdict.PassOver($"{path} is hidden by the dot in front, and what is hidden is not taken up. Rename it."),
            _ => new InboxVerdict.PassOver($"{path} is not taken up, because its name does not end with .iso. If it is an ISO image, rename it{Proposal(file.Name)}; otherwise move it away."),
        };
    }

    private static InboxVerdict OfFolder(InboxFile file, string path, InboxKind kind) =>
        kind == InboxKind.Unfinished ? file.Inside.Count == 0 && file.Name[0] == '.' ? new InboxVerdict.Leave() : new InboxVerdict.Wait(
            $"{path} is the folder of an unfinished download or copy, and has not moved since. If nothing is at it any more, start that again, or delete it.", file.Since)
        : file.Problem is { } problem ? new InboxVerdict.PassOver($"{path} is a folder, and folders are not looked into; whether it has images in it is not known: {problem} Move images into the inbox itself.")
        : file.Inside.Count > 0 ? new InboxVerdict.PassOver(
            $"{path} is a folder, and folders are not looked into: {Plain.Text(file.Inside[0])}{(file.Inside.Count > 1 ? $" and {file.Inside.Count - 1} more" : "")} in it "
            + $"{(file.Inside.Count > 1 ? "are" : "is")} not taken up. Move images into the inbox itself.")
        : kind == InboxKind.Image ? new InboxVerdict.PassOver($"{path} is a folder, and not an image. Move it away.")
        : new InboxVerdict.Leave();

    private static InboxVerdict OfImage(Look look, InboxFile file, string path)
    {
        var since = file.Since;
        foreach (var (other, work) in look.Unfinished)
        {
            if (work.IsOn(file.Name))
            {
                return new InboxVerdict.Wait(
                    $"{path} is not taken up: {Plain.Text(other.Name)} beside it says that a download or a copy of it is not finished, and neither has moved since. If that is over, start it "
                    + $"again or delete {Plain.Text(other.Name)}. If the image is whole as it is: isocatalog add {look.Word(file)}.",
                    since > other.Since ? since : other.Since);
            }
        }

        if (!look.IsQuiet(since))
        {
            return new InboxVerdict.Wait(null, since);
        }

        // One's own list counts, and what others say besides; if one's own is there, another that cannot be read keeps nothing back.
        var own = look.ListsOf[file.Name].ToList();
        var asked = own.Count > 0 ? own.Concat(look.CommonLists.Where(l => l.List is not null)).ToList() : look.CommonLists;
        if (asked.FirstOrDefault(l => !look.IsQuiet(l.Since)) is { } restless)
        {
            return new InboxVerdict.Wait(null, restless.Since);
        }

        if (asked.FirstOrDefault(l => l.List is null) is { } unread)
        {
            return new InboxVerdict.PassOver(
                $"{path} is not taken up: {Plain.Text(unread.Name)} beside it should say which SHA-256 it must have, and {WhyUnread(unread)} Mend it or delete it, or: isocatalog add {look.Word(file)}.");
        }

        var said = asked.SelectMany(l => Said(l, own.Contains(l), file.Name).Select(line => (List: l, Line: line))).DistinctBy(s => s.Line.Sha256).ToList();
        return said switch
        {
            [] when own.FirstOrDefault(l => l.Name.Contains("256", StringComparison.Ordinal)) is { } empty => new InboxVerdict.PassOver(
                $"{path} is not taken up: {Plain.Text(empty.Name)} beside it should say which SHA-256 it must have, and says none. Mend it or delete it, or: isocatalog add {look.Word(file)}."),
            [] => new InboxVerdict.Take(null),
            [var one] => new InboxVerdict.Take(new ExpectedHash(one.Line.Sha256, Where(one))),
            [var one, var other, ..] => new InboxVerdict.PassOver(
                $"{path} is not taken up: {Where(one)} says that its SHA-256 is {one.Line.Sha256}, and {Where(other)} says {other.Line.Sha256}. Leave only the right one, or: isocatalog add {look.Word(file)}."),
        };
    }

    private static InboxVerdict OfChecksums(Look look, InboxFile file, string path)
    {
        if (!look.IsQuiet(file.Since))
        {
            return new InboxVerdict.Wait(null, file.Since);
        }

        if (file.List is not { } list)
        {
            return new InboxVerdict.PassOver($"{path} should be a list of SHA-256, and {WhyUnread(file)} Mend it or move it away.");
        }

        if (list.Lines.Count == 0)
        {
            return new InboxVerdict.PassOver($"{path} is called as a list of SHA-256 is, and has none in it, so it is not used. Mend it or move it away.");
        }

        // An image that was taken up before its list came is in the catalog, and cannot be refused any more: but it is not passed over.
        foreach (var lines in list.Lines.Where(l => l.Name is not null).GroupBy(l => Path.GetFileName(l.Name!)))
        {
            if (ImageFileName.TryDerive(lines.Key, out var name, out _) && look.Catalog(name) is { } known && lines.All(l => l.Sha256 != known)
                && look.Images.All(i => !string.Equals(i.Name, lines.Key, StringComparison.OrdinalIgnoreCase) || look.IsTaken(i)))
            {
                return new InboxVerdict.PassOver(
                    $"{path} says (line {lines.First().Number}) that {Plain.Text(lines.Key)} has the SHA-256 {lines.First().Sha256}, and the image of that name in the catalog has {known}. If the list is "
                    + $"right, remove that image: isocatalog rm {name}. If it is about another edition, move the list away.");
            }
        }

        return new InboxVerdict.Leave();
    }

    /// <summary>The lines of a list about an image. A list that is named after it and says one hash only is about it, whatever name stands there: images are renamed.</summary>
    private static IEnumerable<ChecksumList.Line> Said(InboxFile list, bool isOwn, string image) =>
        list.List!.Of(image) is { Count: > 0 } named ? named
        : isOwn && list.List.Lines.DistinctBy(l => l.Sha256).Count() == 1 ? list.List.Lines.Take(1)
        : [];

    private static string WhyUnread(InboxFile list) =>
        list.Entry.Kind != FileKind.Regular ? $"is {SourceKind.Called(list.Entry.Kind)}, which is not followed."
        : $"cannot be used: {list.Problem ?? "it could not be read."}";

    private static string Where((InboxFile List, ChecksumList.Line Line) said) => $"{Plain.Text(said.List.Name)} in the inbox (line {said.Line.Number})";

    private static string Proposal(string name) => InboxName.ImageOf(name) is { } image && !ImageFileName.TryDerive(name, out _, out _) ? $", such as to {Plain.Text(image)}" : "";

    private sealed class Look
    {
        private readonly string _folder;
        private readonly DateTimeOffset _now;

        public Look(string folder, IReadOnlyList<InboxFile> files, Func<string, Sha256Digest?> catalog, Func<InboxFile, bool> isTaken, DateTimeOffset now)
        {
            (_folder, Catalog, IsTaken, _now) = (folder, catalog, isTaken, now);
            Files = [.. files.Select(f => (f, InboxName.KindOf(f.Name)))];
            Images = [.. Of(InboxKind.Image).Where(f => f.Entry is { Kind: FileKind.Regular, IsUtf8: true })];
            Unfinished = [.. Files.Where(f => f.Kind is InboxKind.Unfinished or InboxKind.Other).Select(f => (f.File, InboxName.Work.Of(f.Kind, f.File.Name, f.File.Inside)))];
            var lists = Of(InboxKind.Checksums).Where(f => f.Entry.Kind != FileKind.Folder).ToList();
            ListsOf = lists.SelectMany(l => Images.Where(i => InboxName.IsChecksumOf(l.Name, i.Name)).Select(i => (Image: i.Name, List: l))).ToLookup(p => p.Image, p => p.List);
            var owned = ListsOf.SelectMany(l => l).ToHashSet();
            CommonLists = [.. lists.Where(l => !owned.Contains(l) && InboxName.ImageOf(l.Name) is null)];
        }

        public IReadOnlyList<(InboxFile File, InboxKind Kind)> Files { get; }

        public IReadOnlyList<InboxFile> Images { get; }

        /// <summary>What may be the work on an image.</summary>
        public IReadOnlyList<(InboxFile File, InboxName.Work Work)> Unfinished { get; }

        /// <summary>The lists that are named after an image, by its name.</summary>
        public ILookup<string, InboxFile> ListsOf { get; }

        /// <summary>Those that may be about any.</summary>
        public IReadOnlyList<InboxFile> CommonLists { get; }

        public Func<string, Sha256Digest?> Catalog { get; }

        /// <summary>It was taken up already, and only lies there.</summary>
        public Func<InboxFile, bool> IsTaken { get; }

        public string Shown(InboxFile file) => Path.Combine(_folder, Plain.Text(file.Name));

        public bool Lies(string name) => Files.Any(f => string.Equals(f.File.Name, name, StringComparison.OrdinalIgnoreCase));

        /// <summary>The same, to be pasted into a shell: anybody may have chosen the name.</summary>
        public string Word(InboxFile file) => ShellWord.Of(Path.Combine(_folder, file.Name));

        public bool IsQuiet(DateTimeOffset since) => (_now - since).Duration() >= Quiet;

        private IEnumerable<InboxFile> Of(InboxKind kind) => Files.Where(f => f.Kind == kind).Select(f => f.File);
    }
}
