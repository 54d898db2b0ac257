using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>What may go into the catalog. Pure.</summary>
public static class CatalogRules
{
    private const string WhatThereIs = "'isocatalog ls' and GET /api/v1/images list what there is.";

    /// <summary>Characters that are said again of a word that somebody asked for.</summary>
    private const int MaxShown = 200;

    /// <summary>Null when the image may be put: it is new, or it is known and its copy here is lost; and nobody recalled it.</summary>
    /// <param name="view">As it is now.</param>
    /// <param name="id">Its bytes.</param>
    /// <param name="fileName">The name that it is to have.</param>
    /// <param name="replace">Whether an image that has the name goes for it.</param>
    /// <param name="named">How another name is given, in words; as the verb add takes it where it is null.</param>
    public static Refusal? MayAdd(SiteView view, ImageId id, string fileName, bool replace = false, Func<string, string>? named = null)
    {
        ArgumentNullException.ThrowIfNull(view);
        if (view.Catalog.BlockOf(id) is { } recall)
        {
            return new Refusal(
                RefusalCode.Blocked,
                $"These bytes were recalled by {recall.By} at {recall.Stamp.Site} on {ClockRules.At(recall.Stamp.Ms):yyyy-MM-dd HH:mm} UTC"
                + $"{(recall.Why is { Length: > 0 } why ? $" ({why})" : "")}, so no site takes them.",
                id)
            {
                Remedy = $"If that is over: isocatalog block --undo {id}.",
            };
        }

        if (view.Catalog.Images.GetValueOrDefault(id) is { Deleted: false } same)
        {
            return view.FileOf(id) is null or StoreFile.Lost or StoreFile.Fetching
                ? null
                : new Refusal(
                    RefusalCode.AlreadyInCatalog,
                    $"These bytes are already in the catalog as {same.FileName} ({id}); nothing was changed.",
                    id)
                {
                    Remedy = $"To give them another title, use PATCH /api/v1/images/{id}.",
                };
        }

        if (replace && view.Catalog.Wishes.GetValueOrDefault(fileName, []) is { Length: > 1 } several)
        {
            return new Refusal(
                RefusalCode.NameTaken,
                $"Several images ask for the name {fileName} ({string.Join(", ", several)}), so it is not clear which of them goes.",
                several[0])
            {
                Remedy = "Remove what is to go first: isocatalog rm ID.",
            };
        }

        if (!view.Catalog.Names.TryGetValue(fileName, out var other) || other == id)
        {
            return null;
        }

        if (!replace)
        {
            return new Refusal(
                RefusalCode.NameTaken,
                $"The name {fileName} belongs to other bytes ({other}), and a published name never means two things at once.",
                other)
            {
                Remedy = $"Add it under another name, such as {(named ?? (static name => "--name " + name))(ImageFileName.WithHash(fileName, id))}, "
                    + $"in the place of the other image (isocatalog add FILE --replace), or remove that one first: isocatalog rm {other}.",
            };
        }

        return view.Catalog.Images[other].Meta.Protected ? Protects(view.Catalog.Images[other]) : null;
    }

    /// <summary>What an add with <c>replace</c> takes out of the catalog; null when nobody else has the name, or the image is there already.</summary>
    public static CatalogImage? ReplacedBy(SiteView view, ImageId id, string fileName)
    {
        ArgumentNullException.ThrowIfNull(view);
        return view.Catalog.Images.GetValueOrDefault(id) is null or { Deleted: true } && view.Catalog.Names.TryGetValue(fileName, out var other) && other != id
            ? view.Catalog.Images[other]
            : null;
    }

    public static Refusal Protects(CatalogImage image) =>
        new(RefusalCode.Protected, $"{image.FileName} is protected from removal.", image.Id) { Remedy = "Take the protection off first (PATCH protected=false)." };

    /// <summary>Null when an alias may be told to point to the image: it is in the catalog, ready or not.</summary>
    public static Refusal? MayPointTo(SiteView view, ImageId id) => view.Catalog.Images.GetValueOrDefault(id) switch
    {
        null => NoSuch(id),
        { Blocked: true } image => new Refusal(RefusalCode.Blocked, $"{image.FileName} is recalled, so no alias is moved to it.", id),
        { Deleted: true } image => new Refusal(RefusalCode.NotFound, $"{image.FileName} was removed, so no alias is moved to it.", id) { Remedy = $"Bring it back first: isocatalog restore {id}." },
        _ => null,
    };

    /// <summary>No site ever put these bytes into the catalog.</summary>
    public static Refusal NoSuch(ImageId id) =>
        new(RefusalCode.NotFound, $"There is no image {id} in the catalog. Ask for the list again.", id) { Remedy = WhatThereIs };

    /// <summary>
    /// Why nobody can have the image that somebody means, by whichever word: it is gone where it was removed, and not to be had where it is recalled. Null for one that is in the catalog.
    /// </summary>
    /// <param name="catalog">As it is now.</param>
    /// <param name="idOrName">As it was asked for: an id, a file name or an alias.</param>
    public static Refusal? Gone(CatalogView catalog, string idOrName)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.Meant(idOrName) switch
        {
            { IsVisible: true } => null,
            { Deleted: false } recalled => new Refusal(RefusalCode.NotReady, RecallWords(recalled), recalled.Id),
            _ => Unknown(catalog, idOrName),
        };
    }

    /// <summary>Why nothing is found by that word: for an alias, what became of the image that it points to.</summary>
    public static Refusal Unknown(CatalogView catalog, string idOrName) =>
        catalog.Aliases.TryGetValue(idOrName, out var target)
            ? new Refusal(
                RefusalCode.NotFound,
                $"The alias {idOrName} points to {catalog.Images.GetValueOrDefault(target)?.FileName ?? target.ToString()}, which "
                + $"{(catalog.BlockOf(target) is not null ? "is recalled" : "was removed from the catalog")}. Ask for the list again.",
                target)
            {
                Remedy = $"Move it: isocatalog alias {idOrName} IMAGE.",
            }
            : catalog.Meant(idOrName) is { } gone
            ? new Refusal(RefusalCode.NotFound, $"{gone.FileName} {(gone.Deleted ? "was removed from the catalog" : "is recalled")}. Ask for the list again.", gone.Id)
            {
                Remedy = gone.Deleted ? $"To bring it back: isocatalog restore {gone.Id}." : $"If that is over: isocatalog block --undo {gone.Id}.",
            }
            : new Refusal(RefusalCode.NotFound, $"There is no image '{ShownText.Cut(idOrName, MaxShown)}' in the catalog. Ask for the list again.") { Remedy = WhatThereIs };

    /// <summary>For everybody who meets the recall, with what was said of it.</summary>
    private static string RecallWords(CatalogImage image) => $"{image.FileName} is recalled{(image.BlockedWhy is { Length: > 0 } why ? ": " + why : ".")}";

    /// <summary>The same for what changes an image, which is named by itself: an alias may move between the look and the deed.</summary>
    public static Refusal NotItself(CatalogView catalog, string idOrName) =>
        catalog.Aliases.TryGetValue(idOrName, out var target)
            ? new Refusal(
                RefusalCode.NamesAnAlias,
                $"{idOrName} is an alias. It points to {catalog.Images.GetValueOrDefault(target)?.FileName ?? "an image"} ({target}) now: name that image itself to change it.",
                target)
            {
                Remedy = $"To take the alias away: isocatalog alias --rm {idOrName}.",
            }
            : Unknown(catalog, idOrName);
}
