using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Images;

namespace IsoCatalog.Core.Readiness;

/// <summary>What an add has to say of an image, beside its bytes. Pure.</summary>
/// <param name="Title">That whoever adds it gives; null for none.</param>
/// <param name="Kind">That whoever adds it gives; null for none.</param>
/// <param name="Recognized">What the image itself says; null for nothing.</param>
public sealed record AddedDescription(string? Title, string? Kind, RecognizedImage? Recognized)
{
    public static readonly AddedDescription Nothing = new(null, null, null);

    /// <summary>Somebody said it; else it is weaker than whatever anybody says (<see cref="Stamp.Weakest"/>).</summary>
    public bool IsSaid => Title is not null || Kind is not null;

    /// <summary>The description to be signed, null for none. What was recognised stands only where nobody has said anything of the image yet: what is known of it is left, but for what is given now.</summary>
    /// <param name="known">That in force; null if there is none.</param>
    public MetaValue? Over(MetaValue? known)
    {
        if (known is not null && !IsSaid)
        {
            return null;
        }

        var meta = known ?? (Recognized is null ? null : Of(Recognized)) ?? (IsSaid ? new MetaValue() : null);
        return meta is null ? null : Given(meta);
    }

    /// <summary>
    /// Of bytes that come under the name of others and in their place: what was said of those, but for what is given now, and for what system these are. That the others were hidden
    /// says nothing of these.
    /// </summary>
    public MetaValue After(MetaValue before)
    {
        ArgumentNullException.ThrowIfNull(before);
        return Given((Recognized is null ? before : before with { Os = Recognized.Os, Arch = Recognized.Arch }) with { Hidden = false });
    }

    private MetaValue Given(MetaValue meta) => meta with
    {
        Titles = Title is null ? meta.Titles : new Dictionary<string, string>(meta.Titles, StringComparer.Ordinal) { ["en"] = Title },
        Kind = Kind ?? meta.Kind,
    };

    private static MetaValue Of(RecognizedImage image)
    {
        var meta = new MetaValue { Os = image.Os, Arch = image.Arch, Titles = image.Title is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["en"] = image.Title } };
        return image.Kind is null ? meta : meta with { Kind = image.Kind };
    }
}
