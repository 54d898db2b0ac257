using System.Numerics;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>What the members of an entry may be.</summary>
internal static class EntryRules
{
    private const int MaxText = 1024;
    private const int MaxName = 128;
    private const int MaxList = 64;

    public static RuleViolation? Check(Entry entry) =>
        Common(entry) ?? entry switch
        {
            ImageEntry e => OfImage(e),
            MetaEntry e => OfMeta(e),
            AliasEntry e when !RegisterKey.IsAliasName(e.Name) => new(Rules.EntryAlias, $"'{Shown(e.Name)}' is not a name for an alias: {AliasName.Form}."),
            AliasEntry { Former.Count: > AliasEntry.MaxFormer } or AliasEntry { Asked: < 0 or > StrictJson.MaxNumber } =>
                new(Rules.EntryAlias, $"The value of {entry.Key} is out of bounds: up to {AliasEntry.MaxFormer} former targets, and a time below 2^53 at which it was asked for."),
            _ => null,
        };

    private static RuleViolation? Common(Entry entry)
    {
        var stamp = entry.Stamp;
        if (stamp.Ms is < 0 or > StrictJson.MaxNumber || stamp.N is < 0 or > Stamp.MaxN || !SiteId.IsValid(stamp.Site))
        {
            return new(Rules.EntryStamp, $"The stamp of {entry.Key} is out of bounds: milliseconds below 2^53, a counter up to {Stamp.MaxN}, a site id.");
        }

        return !IsText(entry.By, MaxName) || entry.By.Length == 0 || (entry.Why is not null && !IsText(entry.Why, MaxText))
            ? new(Rules.EntryText, $"'by' (1 to {MaxName} characters) or 'why' (up to {MaxText}) of {entry.Key} is too long or has control characters.")
            : null;
    }

    private static RuleViolation? OfImage(ImageEntry entry)
    {
        var value = entry.Value;
        if (value.Sha256 != entry.Image.Sha256 || value.Size is < 1 or > StrictJson.MaxNumber
            || value.PieceLength < 16384 || !BitOperations.IsPow2(value.PieceLength))
        {
            return new(
                Rules.EntryImage,
                $"The value of {entry.Key} is not about that image: its sha256 must be the key's, its size positive, its piece length a power of two from 16384.");
        }

        if (!ImageFileName.IsValid(value.FileName) || ImageFileName.HasWholeHash(value.FileName))
        {
            return new(
                Rules.EntryFileName,
                $"'{Shown(value.FileName)}' of {entry.Key} is not a file name for an image, or is kept for colliding names (it ends with a whole SHA-256).");
        }

        var iso = value.Iso;
        return IsText(iso.VolumeId, MaxText) && IsText(iso.PublisherId, MaxText) && IsText(iso.ApplicationId, MaxText)
            && AreTexts(iso.Arch, MaxName) && AreTexts(iso.Warnings, MaxText)
            ? null
            : new(Rules.EntryImage, $"What {entry.Key} says of the image's header is too long or has control characters.");
    }

    private static RuleViolation? OfMeta(MetaEntry entry)
    {
        var meta = entry.Value;
        var fine = meta.Titles.Count <= MaxList && meta.Titles.All(t => IsText(t.Key, MaxName) && IsText(t.Value, MaxText))
            && AreTexts(meta.Arch, MaxName) && AreTexts(meta.Tags, MaxName)
            && new[] { meta.Kind, meta.Group, meta.Owner, meta.Offer, meta.Os.Family, meta.Os.Distro, meta.Os.Version, meta.Os.Edition, meta.Os.Language }
                .All(t => t is null || IsText(t, MaxName));
        return fine
            ? null
            : new(
                Rules.EntryMeta,
                $"The description {entry.Key} is out of bounds: up to {MaxList} titles, tags and architectures; titles up to {MaxText} characters, "
                + $"everything else up to {MaxName}; no control characters.");
    }

    private static bool AreTexts(IReadOnlyList<string> texts, int length) => texts.Count <= MaxList && texts.All(t => IsText(t, length));

    private static bool IsText(string? text, int length) => text is not null && text.Length <= length && !text.AsSpan().ContainsAnyInRange('\0', '\u001F');

    private static string Shown(string text) => text.Length > 80 ? ShownText.Cut(text, 80) + "..." : text;
}
