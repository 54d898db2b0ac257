using System.CommandLine;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Commands;

/// <summary>How people name an image: its id, the first digits of it, its file name, or where nothing is changed an alias that points to it.</summary>
internal static class ImageArgument
{
    private const int LeastDigits = 6;
    private const int AllDigits = 64;

    public static Argument<string> Build(SiteNames names) => new NamedArgument<string>("image", names)
    {
        HelpName = "ID|NAME",
        Description = $"The image: its file name, its id (sha256:...), or at least the first {LeastDigits} digits of the id.",
    };

    /// <summary>The image of the catalog; if <paramref name="retired"/>, one that was removed too, unless it is named by its file name.</summary>
    public static async Task<ImageView> FindAsync(IApplianceClient site, string text, bool retired, CancellationToken cancellationToken)
    {
        if (Digits(text) is not { } digits)
        {
            return await site.GetImageAsync(text, cancellationToken);
        }

        if (digits.Length == AllDigits)
        {
            return await site.GetImageAsync("sha256:" + digits, cancellationToken);
        }

        var images = (await site.GetImagesAsync(cancellationToken)).Images.Select(i => (i.Id, i.Name));
        var removed = retired ? (await site.GetRetiredAsync(cancellationToken)).Retired.Select(r => (r.Id, r.Name)) : [];
        return await site.GetImageAsync(One(text, digits, images.Concat(removed)).ToString(), cancellationToken);
    }

    /// <summary>The image itself, for what changes it: an alias may have moved to another one between the look and the deed.</summary>
    public static async Task<ImageView> FindItselfAsync(IApplianceClient site, string text, CancellationToken cancellationToken)
    {
        var found = await FindAsync(site, text, retired: false, cancellationToken);
        return Digits(text) is not null || ImageFileName.Comparer.Equals(found.Name, text)
            ? found
            : throw new VerbException(
                ExitCode.Conflict,
                "names-an-alias",
                $"{text} is an alias. It points to {found.Name} ({found.Id}) now: name that image itself. To take the alias away: isocatalog alias --rm {text}.",
                status: 409);
    }

    /// <summary>How to name a removed image to the site, which knows ids and names itself, names from the moment of the removal on.</summary>
    public static async Task<string> FindRemovedAsync(IApplianceClient site, string text, CancellationToken cancellationToken) => Digits(text) switch
    {
        null => text,
        { Length: AllDigits } digits => "sha256:" + digits,
        var digits => One(text, digits, (await site.GetRetiredAsync(cancellationToken)).Retired.Select(r => (r.Id, r.Name))).ToString(),
    };

    /// <summary>How to name to the site an image that it may not know at all, or that is removed or recalled.</summary>
    public static async Task<string> FindAnyAsync(IApplianceClient site, string text, CancellationToken cancellationToken) => Digits(text) switch
    {
        null => text,
        { Length: AllDigits } digits => "sha256:" + digits,
        var digits => One(
            text,
            digits,
            (await site.GetImagesAsync(cancellationToken)).Images.Select(i => (i.Id, i.Name))
                .Concat((await site.GetRetiredAsync(cancellationToken)).Retired.Select(r => (r.Id, r.Name)))
                .Concat((await site.GetBlocksAsync(cancellationToken)).Blocks.Select(b => (b.Id, b.Name ?? "")))).ToString(),
    };

    private static ImageId One(string text, string digits, IEnumerable<(ImageId Id, string Name)> images)
    {
        var found = images.Where(i => i.Id.Sha256.ToString().StartsWith(digits, StringComparison.Ordinal)).Distinct().Take(10).ToList();
        return found switch
        {
            [var one] => one.Id,
            [] => throw new VerbException(
                ExitCode.NotFound, "not-found", $"There is no image {text} here. `isocatalog ls --all` lists what there is, removed images too.", status: 404),
            _ => throw VerbException.Usage(
                $"{text} means several images: {string.Join(", ", found.Select(i => $"{Plain.Short(i.Id)} {i.Name}"))}. Give more digits of the id."),
        };
    }

    /// <returns>Lower-case digits of an id or of the beginning of one; null when the text is a name.</returns>
    private static string? Digits(string text)
    {
        var isId = text.StartsWith("sha256:", StringComparison.Ordinal);
        var digits = isId ? text["sha256:".Length..] : text;
        if (digits.Length > AllDigits || !digits.All(char.IsAsciiHexDigit))
        {
            return isId
                ? throw VerbException.Usage($"{text} is not an id: sha256: and up to {AllDigits} hexadecimal digits.")
                : text.Length > 0 ? null : throw VerbException.Usage("An image needs a name or an id.");
        }

        return digits.Length >= LeastDigits
            ? digits.ToLowerInvariant()
            : throw VerbException.Usage($"{text} is too short for an id: give at least {LeastDigits} digits, or the file name (it ends with .iso).");
    }
}
